"""What is turned of a voice, and what a status tells.

Made from the table of parameters; change that, then::

    idiolect osc --for python > server/idiolect/client/parameters.py
"""

# fmt: off
from idiolect.client.place import Link, Parameter, Place

__all__ = ["STATUS", "Voice"]

STATUS = (
    "voices",
    "cpu_average",
    "cpu_peak",
    "sample_rate",
    "lookahead_ms",
    "starved",
    "late",
    "dropped",
    "uptime_s",
    "state",
    "running",
    "blocks",
    "clipped",
    "nan",
    "cuts",
    "cuts_late",
    "frame",
    "packets",
    "malformed",
    "refused",
    "stolen",
    "plays",
    "plays_late",
    "plays_refused",
    "name",
)
"""Names, in the order in which a status tells them."""


class Voice(Place[Link]):
    """One voice.  Its parameters are attributes, to be read and set."""

    __slots__ = ()

    run = Parameter("1 speaks, 0 fades out and rests. (0 to 1)")
    temperature = Parameter("How freely the next token is drawn: 0 always the likeliest, 1 as learned. (0 to 4)")
    min_p = Parameter("Only tokens at least this share as likely as the likeliest may be drawn; 0 lifts the limit. Counted after the temperature, before top_k and top_p. (0 to 1)")
    top_k = Parameter("Only the k likeliest tokens may be drawn; 0 lifts the limit. (0 to 65536 tokens)")
    top_p = Parameter("Only the likeliest tokens whose probabilities add up to p may be drawn. (0 to 1)")
    repetition = Parameter("How far tokens heard lately are avoided: at 1 a token heard n times is n + 1 times less likely, at 2 that squared; 0 does not mind. (0 to 4)")
    repetition_window = Parameter("How long what was heard counts for repetition, up to 512 units. (0 to 60 s)")
    memory = Parameter("Who expects the next token: 0 the network alone, 0.5 both as fitted, 1 the memory. (0 to 1)")
    parent = Parameter("The token of the next coarser scale it keeps within; -1 as it comes, -2 none. (-2 to 65535)")
    scale = Parameter("The scale it speaks in: a name, or an index with 0 the finest.")
    continuity = Parameter("How long it keeps to the corpus: 0 never plays what followed there, 0.5 as learned, 0.8 a few units on end, 0.95 dozens, 1 always. (0 to 1)")
    levelling = Parameter("How far a unit that did not follow what sounds may be made to begin as loud: at most so much louder or softer, gliding back within a quarter of a second. 0 leaves levels as they are. (0 to 12 dB)")
    loop = Parameter("Repeats the last n units until it is 0 again. (0 to 64 units)")
    tempo = Parameter("Of the grid that quantize holds units to, as it is heard: stretched or not. (20 to 400 beats/min)")
    quantize = Parameter("Units begin on multiples of this, however time is stretched; they are cut short or read on for it. 0 as they come. (0 to 16 beats)")
    random_seed = Parameter("The number behind every random choice of the voice. (-2147483648 to 2147483647)")
    interrupt = Parameter("1 makes every change act at the next boundary of the finest scale. (0 to 1)")
    gain = Parameter("Loudness; -90 is silence. (-90 to 12 dB)")
    pan = Parameter("Balance: -1 left, 0 both as they are, 1 right. On more than two channels the place on the ring of speakers that the first two begin, clockwise: -1 to 1 goes once around, 0 has the left side on the first and the right on the second, and both turn together, with equal power between neighbours. (-1 to 1)")
    out = Parameter("The first of the two channels it sounds on, counted from 1, with pan as their balance; the last two where there are not so many. 0 is the ring of all where there are more than two. (0 to 63)")
    lowpass = Parameter("What lies above is taken away, 12 dB an octave; at 20000 nothing is. (20 to 20000 Hz)")
    highpass = Parameter("What lies below is taken away, 12 dB an octave; at 20 nothing is. (20 to 20000 Hz)")
    rate = Parameter("Transposition of what sounds, without a change of time; 0 as recorded. (-3600 to 3600 cents)")
    length = Parameter("Length of the sub-grains of the cloud that a unit becomes when it is not played as it is. (0.005 to 1 s)")
    overlap = Parameter("How many sub-grains sound at once; below 1 there are gaps. At 2, with the rest of the cloud at rest, units are played as they are. (0.05 to 16)")
    density = Parameter("Sub-grains a second; 0 follows from length and overlap. (0 to 400 1/s)")
    jitter = Parameter("How irregular the sub-grains are, in time and in where they read. (0 to 1)")
    reverse = Parameter("Probability that a sub-grain is played backwards. (0 to 1)")
    pan_spread = Parameter("How far the sub-grains are scattered between the speakers. (0 to 1)")
    rate_spread = Parameter("How far the sub-grains are scattered in pitch, up and down. (0 to 2400 cents)")
    stretch = Parameter("How many times longer everything takes, at the same pitch. (0.25 to 16)")
    duration = Parameter("How many times longer a unit is held before the next begins; it is read on, or cut short. (0.25 to 4)")
    freeze = Parameter("1 holds the present unit; what is planned waits, and what would cut it too: a seed, a cut, another bundle. (0 to 1)")
    quality = Parameter("How sub-grains are read between frames: 0 not at all, 1 linear, 2 cubic, 3 a sinc, which alone does not alias when read fast. (0 to 3)")
