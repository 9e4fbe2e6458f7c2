"""What `learn` tells about a bundle: its figures, without gloss."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from idiolect.learning.evaluation import Figures

__all__ = ["Report", "ScaleReport"]


@dataclass(frozen=True, kw_only=True)
class ScaleReport:
    """One scale."""

    name: str
    method: str
    units: int
    tokens: int
    median_seconds: float
    vocabulary: str  # the method
    notes: tuple[str, ...]  # what it found, and what it did not
    size_choice: dict[str, Any] | None  # as `sizes.SizeChoice`; None: the size was given
    memory_weight: float  # share of the memory in what is expected
    speaks: str  # network, memory or both, and why
    figures: Figures  # of the model before it was finished on all audio


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything worth telling."""

    bundle: str
    sources: list[dict[str, Any]]
    skipped: list[dict[str, str]]
    scales: list[ScaleReport]
    left_out: dict[str, str]  # scales that are not there, and why
    model: dict[str, Any]
    training: dict[str, Any]
    audio_seconds: float
    reused: int = 0  # sources that had been analysed before
    hash: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give plain values for JSON, null for NaN."""
        return dict(_plain(asdict(self)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
