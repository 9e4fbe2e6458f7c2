"""The engine: what the audio callback runs, and the memory it shares with the other threads.

Clock: real time.  Everything reachable from `block.render_block` is compiled without the numba
runtime: no Python, no allocation, no lock, no exception.  Its memory is allocated once, locked,
and handed over as a table of addresses.

=============  ============================  =================================
shared         written by                    read by
=============  ============================  =================================
grain ring     planner                       callback
cuts           planner                       callback
run-on slots   planner                       callback
control ring   control thread                callback
event ring     callback                      planner
counters       callback                      anyone (a number may be a block old)
=============  ============================  =================================
"""
