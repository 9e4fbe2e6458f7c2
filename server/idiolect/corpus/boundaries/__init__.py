"""Where units begin and end, at every scale: what the detectors listen to, and what they find.

Clock: offline.
"""
