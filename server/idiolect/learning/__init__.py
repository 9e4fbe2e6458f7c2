"""The network, its training and evaluation, and the way from folders to a bundle.

Clock: offline.  Needs the extra ``learn``; called by the command line alone.
"""
