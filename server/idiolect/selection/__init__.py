"""From a token and what is sounding to a unit of the corpus.

Clock: ahead.  The planner calls it in compiled code that has released the GIL.  Unit selection
after A. Hunt & A. Black (1996) and D. Schwarz (2007).
"""
