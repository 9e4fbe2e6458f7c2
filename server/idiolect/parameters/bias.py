"""What depends on the bundle: a bias for each of its descriptors."""

from collections.abc import Iterable
from dataclasses import replace

from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import VOICE

__all__ = ["BIAS", "DESCRIPTORS", "bias_name", "voice_parameters"]

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


def bias_name(descriptor: str) -> str:
    """Name the bias parameter of a descriptor; what an address cannot hold becomes ``_``."""
    return "bias/" + "".join("_" if letter in " #*,/?[]{}" else letter for letter in descriptor)


def voice_parameters(descriptors: Iterable[str]) -> dict[str, Parameter]:
    """Give every parameter of a voice that plays a bundle with these descriptors, by name."""
    biases = [replace(BIAS, name=bias_name(descriptor)) for descriptor in descriptors]
    return VOICE | {bias.name: bias for bias in biases}
