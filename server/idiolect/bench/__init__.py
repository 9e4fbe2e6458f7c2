"""Measurements of this machine: how often a callback is late, and what it is late by.

Clock: offline.  Nothing here is imported by the daemon.
"""
