"""The one table of what can be turned while it plays.

The engine's slots, the OSC dispatcher, ``docs/osc.md`` and the tests all read it from here.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = [
    "BIAS",
    "BLOCK_SLOTS",
    "DESCRIPTORS",
    "MASTER",
    "MOST_BUNDLES",
    "PACE",
    "PARAMETERS",
    "PLANNER_SLOTS",
    "RAMP_SECONDS",
    "VOICE",
    "Parameter",
    "bias_name",
    "voice_parameters",
]


RAMP_SECONDS = 0.01
"""Of every change of gain and pan, so that none is heard as a click."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One thing that can be turned."""

    name: str  # last part of its address
    kind: Literal["f", "i", "scale"]  # `scale`: a name or an index, 0 = finest
    low: float
    high: float
    default: float
    unit: str  # "" when it has none
    curve: Literal["linear", "log", "db", "step"]  # from 0 to 1 to its range, see `from_norm`
    scope: Literal["block", "planner", "server"]  # who acts on it
    per_voice: bool
    doc: str
    ramp: float = RAMP_SECONDS  # that the block takes, when the message names none; 0: it jumps
    readable: bool = True
    writable: bool = True

    @property
    def is_continuous(self) -> bool:
        """Whether there is something between its values: a fader, not a switch."""
        return self.curve != "step"

    @property
    def is_ramped(self) -> bool:
        """Whether it can be told how long to take to its new value."""
        return self.scope == "block" and self.is_continuous and self.ramp > 0

    def clip(self, value: float) -> float:
        """Round for its kind, and put into its range."""
        value = value if self.kind == "f" else round(value)
        return float(min(max(value, self.low), self.high))

    def from_norm(self, norm: float) -> float:
        """Give the value at 0 to 1 of its range, along its curve.

        A `log` curve grows by equal factors; from a range that begins at 0 or below, as much above
        one as it is above the range's beginning.  A `db` curve grows with the square of the
        position in amplitude, as SuperCollider's faders do: half way up is about a quarter of the
        highest amplitude.
        """
        norm = min(max(norm, 0.0), 1.0)
        if self.curve == "log":
            first = self._first
            value = first * ((self.high - self.low + first) / first) ** norm - first + self.low
        elif self.curve == "db":
            low, high = _amplitude(self.low), _amplitude(self.high)
            value = 20 * math.log10(low + (high - low) * norm**2)
        else:
            value = self.low + (self.high - self.low) * norm
        return self.clip(value)

    def to_norm(self, value: float) -> float:
        """Give the place of a value in its range: what `from_norm` takes back."""
        if self.curve == "log":
            first, span = self._first, self.high - self.low
            norm = math.log((value - self.low + first) / first) / math.log((span + first) / first)
        elif self.curve == "db":
            low, high = _amplitude(self.low), _amplitude(self.high)
            norm = math.sqrt(max(_amplitude(value) - low, 0.0) / (high - low))
        else:
            norm = (value - self.low) / (self.high - self.low)
        return min(max(norm, 0.0), 1.0)

    @property
    def _first(self) -> float:
        return self.low if self.low > 0 else 1.0


def _amplitude(decibel: float) -> float:
    return float(10.0 ** (decibel / 20.0))


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

MOST_BUNDLES = 8
"""Bundles that voices can play at a time."""

VOICE: dict[str, Parameter] = {p.name: p for p in PARAMETERS if p.per_voice}
"""Parameters of a voice whatever the bundle: ``/voice/{n}/{name}``, and ``/{name}`` for every voice
where no master parameter has the name."""

BIAS = Parameter(
    name="bias/{descriptor}", kind="f", low=-4, high=4, default=0, unit="deviations",
    curve="linear", scope="planner", per_voice=True,
    doc="How far what it says leans towards more of a descriptor, or less; 0 as learned.",
)  # fmt: skip
"""Each descriptor of the bundle has one."""

DESCRIPTORS: dict[str, str] = {
    "loudness": "louder",
    "centroid": "brighter",
    "spread": "more of lows and highs at once, less of one register",
    "flatness": "noisier, less tonal",
    "rolloff": "with more treble",
    "zero_crossings": "brighter or noisier: faster crossings of zero",
    "mfcc_1": "darker: the spectrum's slope downwards",
    "mfcc_2": "more lows and highs than middle",
    **{
        f"mfcc_{i}": f"a colour: {i / 2:g} periods of ripple over the spectrum"
        for i in range(3, 13)
    },
    "pitch": "higher",
    "pitch_confidence": "more clearly pitched",
    "attack": "later peaks: softer beginnings",
    "duration": "longer units",
    "loudness_change": "swelling rather than decaying",
    "centroid_change": "brightening rather than darkening",
    **{
        f"mfcc_change_{i}": f"a colour that moves: more of mfcc_{i} at its end" for i in range(1, 7)
    },
    **{f"mfcc_deviation_{i}": f"less steady in mfcc_{i}" for i in range(1, 7)},
    **{
        f"chroma_{name}": f"more of the pitch class {name.upper().replace('S', ' sharp')}"
        for name in ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b")
    },
}
"""What more of each descriptor sounds like; a bundle may have others of its user's own."""

MASTER: dict[str, Parameter] = {p.name: p for p in PARAMETERS if not p.per_voice}
"""Parameters of the whole: ``/{name}``."""


def bias_name(descriptor: str) -> str:
    """Name the bias parameter of a descriptor; what an address cannot hold becomes ``_``."""
    return "bias/" + "".join("_" if letter in " #*,/?[]{}" else letter for letter in descriptor)


def voice_parameters(descriptors: Iterable[str]) -> dict[str, Parameter]:
    """Give every parameter of a voice that plays a bundle with these descriptors, by name."""
    biases = [replace(BIAS, name=bias_name(descriptor)) for descriptor in descriptors]
    return VOICE | {bias.name: bias for bias in biases}


PACE = ("stretch", "duration", "freeze")
"""What the block acts on and the planner must know too: how fast a voice's time goes."""

PLANNER_SLOTS: dict[str, int] = {
    p.name: slot
    for slot, p in enumerate(
        p for p in PARAMETERS if (p.scope == "planner" or p.name in PACE) and p.per_voice
    )
}
"""Column of each parameter that the planner knows in its table (voices, slots)."""

BLOCK_SLOTS: dict[str, int] = {
    name: slot
    for slot, name in enumerate(dict.fromkeys(p.name for p in PARAMETERS if p.scope == "block"))
}
"""Column of each block parameter in the block's table; row 0 is the master."""
