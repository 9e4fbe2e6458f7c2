"""One thing that can be turned: its range, its curve, who acts on it."""

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["RAMP_SECONDS", "Parameter"]

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

    def __post_init__(self) -> None:
        if self.kind == "f":  # however the table writes it: clients tell types apart
            for name in ("low", "high", "default"):
                object.__setattr__(self, name, float(getattr(self, name)))

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
