"""The table: a voice's parameters, and those of the whole."""

from idiolect.parameters.parameter import Parameter

__all__ = ["MASTER", "MOST_BUNDLES", "PARAMETERS", "VOICE"]

MOST_BUNDLES = 8
"""Bundles that voices can play at a time."""

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="run", kind="i", low=0, high=1, default=0, unit="", curve="step",
        scope="planner", per_voice=True,
        doc="1 speaks, 0 fades out and rests.",
    ),
    Parameter(
        name="temperature", kind="f", low=0, high=4, default=1, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="How freely the next token is drawn: 0 always the likeliest, 1 as learned.",
    ),
    Parameter(
        name="min_p", kind="f", low=0, high=1, default=0, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="Only tokens at least this share as likely as the likeliest may be drawn; 0 lifts the "
        "limit. Counted after the temperature, before top_k and top_p.",
    ),
    Parameter(
        name="top_k", kind="i", low=0, high=65536, default=0, unit="tokens", curve="log",
        scope="planner", per_voice=True,
        doc="Only the k likeliest tokens may be drawn; 0 lifts the limit.",
    ),
    Parameter(
        name="top_p", kind="f", low=0, high=1, default=1, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="Only the likeliest tokens whose probabilities add up to p may be drawn.",
    ),
    Parameter(
        name="repetition", kind="f", low=0, high=4, default=0, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="How far tokens heard lately are avoided: at 1 a token heard n times is n + 1 times less "
        "likely, at 2 that squared; 0 does not mind.",
    ),
    Parameter(
        name="repetition_window", kind="f", low=0, high=60, default=4, unit="s", curve="linear",
        scope="planner", per_voice=True,
        doc="How long what was heard counts for repetition, up to 512 units.",
    ),
    Parameter(
        name="memory", kind="f", low=0, high=1, default=0.5, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="Who expects the next token: 0 the network alone, 0.5 both as fitted, 1 the memory.",
    ),
    Parameter(
        name="parent", kind="i", low=-2, high=65535, default=-1, unit="", curve="step",
        scope="planner", per_voice=True,
        doc="The token of the next coarser scale it keeps within; -1 as it comes, -2 none.",
    ),
    Parameter(
        name="scale", kind="scale", low=0, high=63, default=0, unit="", curve="step",
        scope="planner", per_voice=True,
        doc="The scale it speaks in: a name, or an index with 0 the finest.",
    ),
    Parameter(
        name="continuity", kind="f", low=0, high=1, default=0.8, unit="", curve="linear",
        scope="planner", per_voice=True,
        doc="How long it keeps to the corpus: 0 never plays what followed there, 0.5 as learned, 0.8 a "
        "few units on end, 0.95 dozens, 1 always.",
    ),
    Parameter(
        name="levelling", kind="f", low=0, high=12, default=1.5, unit="dB", curve="linear",
        scope="planner", per_voice=True,
        doc="How far a unit that did not follow what sounds may be made to begin as loud: at most so "
        "much louder or softer, gliding back within a quarter of a second. 0 leaves levels as they are.",
    ),
    Parameter(
        name="loop", kind="i", low=0, high=64, default=0, unit="units", curve="step",
        scope="planner", per_voice=True,
        doc="Repeats the last n units until it is 0 again.",
    ),
    Parameter(
        name="tempo", kind="f", low=20, high=400, default=120, unit="beats/min", curve="log",
        scope="planner", per_voice=True,
        doc="Of the grid that quantize holds units to, as it is heard: stretched or not.",
    ),
    Parameter(
        name="quantize", kind="f", low=0, high=16, default=0, unit="beats", curve="linear",
        scope="planner", per_voice=True,
        doc="Units begin on multiples of this, however time is stretched; they are cut short or read on for "
        "it. 0 as they come.",
    ),
    Parameter(
        name="random_seed", kind="i", low=-2147483648, high=2147483647, default=0, unit="",
        curve="step", scope="planner", per_voice=True,
        doc="The number behind every random choice of the voice.",
    ),
    Parameter(
        name="interrupt", kind="i", low=0, high=1, default=0, unit="", curve="step",
        scope="planner", per_voice=True,
        doc="1 makes every change act at the next boundary of the finest scale.",
    ),
    Parameter(
        name="gain", kind="f", low=-90, high=12, default=0, unit="dB", curve="db",
        scope="block", per_voice=True,
        doc="Loudness; -90 is silence.",
    ),
    Parameter(
        name="pan", kind="f", low=-1, high=1, default=0, unit="", curve="linear",
        scope="block", per_voice=True,
        doc="Balance: -1 left, 0 both as they are, 1 right. On more than two channels the place on the "
        "ring of speakers that the first two begin, clockwise: -1 to 1 goes once around, 0 has the left "
        "side on the first and the right on the second, and both turn together, with equal power "
        "between neighbours.",
    ),
    Parameter(
        name="out", kind="i", low=0, high=63, default=0, unit="", curve="step",
        scope="block", per_voice=True,
        doc="The first of the two channels it sounds on, counted from 1, with pan as their balance; the "
        "last two where there are not so many. 0 is the ring of all where there are more than two.",
    ),
    Parameter(
        name="lowpass", kind="f", low=20, high=20_000, default=20_000, unit="Hz", curve="log",
        scope="block", per_voice=True,
        doc="What lies above is taken away, 12 dB an octave; at 20000 nothing is.",
    ),
    Parameter(
        name="highpass", kind="f", low=20, high=20_000, default=20, unit="Hz", curve="log",
        scope="block", per_voice=True,
        doc="What lies below is taken away, 12 dB an octave; at 20 nothing is.",
    ),
    Parameter(
        name="rate", kind="f", low=-3600, high=3600, default=0, unit="cents", curve="linear",
        scope="block", per_voice=True,
        doc="Transposition of what sounds, without a change of time; 0 as recorded.",
    ),
    Parameter(
        name="length", kind="f", low=0.005, high=1, default=0.1, unit="s", curve="log",
        scope="block", per_voice=True,
        doc="Length of the sub-grains of the cloud that a unit becomes when it is not played as it is.",
    ),
    Parameter(
        name="overlap", kind="f", low=0.05, high=16, default=2, unit="", curve="log",
        scope="block", per_voice=True,
        doc="How many sub-grains sound at once; below 1 there are gaps. At 2, with the rest of the "
        "cloud at rest, units are played as they are.",
    ),
    Parameter(
        name="density", kind="f", low=0, high=400, default=0, unit="1/s", curve="linear",
        scope="block", per_voice=True,
        doc="Sub-grains a second; 0 follows from length and overlap.",
    ),
    Parameter(
        name="jitter", kind="f", low=0, high=1, default=0, unit="", curve="linear",
        scope="block", per_voice=True,
        doc="How irregular the sub-grains are, in time and in where they read.",
    ),
    Parameter(
        name="reverse", kind="f", low=0, high=1, default=0, unit="", curve="linear",
        scope="block", per_voice=True,
        doc="Probability that a sub-grain is played backwards.",
    ),
    Parameter(
        name="pan_spread", kind="f", low=0, high=1, default=0, unit="", curve="linear",
        scope="block", per_voice=True,
        doc="How far the sub-grains are scattered between the speakers.",
    ),
    Parameter(
        name="rate_spread", kind="f", low=0, high=2400, default=0, unit="cents", curve="linear",
        scope="block", per_voice=True,
        doc="How far the sub-grains are scattered in pitch, up and down.",
    ),
    Parameter(
        name="stretch", kind="f", low=0.25, high=16, default=1, unit="", curve="log",
        scope="block", per_voice=True, ramp=0,
        doc="How many times longer everything takes, at the same pitch.",
    ),
    Parameter(
        name="duration", kind="f", low=0.25, high=4, default=1, unit="", curve="log",
        scope="block", per_voice=True, ramp=0,
        doc="How many times longer a unit is held before the next begins; it is read on, or cut short.",
    ),
    Parameter(
        name="freeze", kind="i", low=0, high=1, default=0, unit="", curve="step",
        scope="block", per_voice=True,
        doc="1 holds the present unit; what is planned waits, and what would cut it too: a seed, a "
        "cut, another bundle.",
    ),
    Parameter(
        name="quality", kind="i", low=0, high=3, default=2, unit="", curve="step",
        scope="block", per_voice=True,
        doc="How sub-grains are read between frames: 0 not at all, 1 linear, 2 cubic, 3 a sinc, which "
        "alone does not alias when read fast.",
    ),
    Parameter(
        name="gain", kind="f", low=-90, high=12, default=0, unit="dB", curve="db",
        scope="block", per_voice=False,
        doc="Loudness of everything, before the limiter; -90 is silence.",
    ),
    Parameter(
        name="mute", kind="i", low=0, high=1, default=0, unit="", curve="step",
        scope="block", per_voice=False,
        doc="1 silences the output while everything goes on.",
    ),
)  # fmt: skip

VOICE: dict[str, Parameter] = {p.name: p for p in PARAMETERS if p.per_voice}
"""Parameters of a voice whatever the bundle: ``/voice/{n}/{name}``, and ``/{name}`` for every voice
where no master parameter has the name."""

MASTER: dict[str, Parameter] = {p.name: p for p in PARAMETERS if not p.per_voice}
"""Parameters of the whole: ``/{name}``."""
