"""Ways out: a sound device, JACK, a clock that stands in for one, a file.

Clock: control, except for what each hands to the real-time side.  An output is opened, started and
stopped by the control thread; in between, the compiled callback (or the thread that stands in for
one) renders, and nobody else may.

Every output sounds the same, to the last bit: all call `engine.block.render_block`.
"""
