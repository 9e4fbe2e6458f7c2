"""What `learn` tells about a bundle: its figures, without gloss."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from idiolect.learning.baselines import bigram, unigram
from idiolect.learning.network import Network
from idiolect.learning.sequences import Sequence
from idiolect.learning.split import TEST, TRAIN, VALIDATION
from idiolect.learning.training import evaluate

__all__ = ["Figures", "Report", "ScaleReport", "figures"]

SETS = {"validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Bits per token on one held-out set; NaN where the corpus is too small to hold one out."""

    units: int
    uniform: float
    unigram: float
    bigram: float
    model: float


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
    figures: dict[str, Figures]  # by set: validation, test


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything worth telling."""

    bundle: str
    sources: list[dict[str, Any]]
    skipped: list[dict[str, str]]
    scales: list[ScaleReport]
    left_out: dict[str, str]  # scales that are not there, and why
    model: dict[str, int]
    training: dict[str, Any]
    audio_seconds: float
    reused: int = 0  # sources that had been analysed before
    hash: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give plain values for JSON, null for NaN."""
        return dict(_plain(asdict(self)))


def figures(network: Network, sequence: Sequence, sequences: list[Sequence]) -> dict[str, Figures]:
    """Judge the model and its baselines on the units held out at one scale."""
    base = unigram(sequence.tokens[sequence.kinds == TRAIN], sequence.size)
    inside = (sequence.kinds[:-1] == TRAIN) & (sequence.kinds[1:] == TRAIN)
    pairs = bigram(sequence.tokens[:-1][inside], sequence.tokens[1:][inside], base)
    return {
        name: _figures(network, sequence, sequences, kind, base, pairs)
        for name, kind in SETS.items()
    }


def _figures(
    network: Network,
    sequence: Sequence,
    sequences: list[Sequence],
    kind: int,
    base: np.ndarray[Any, Any],
    pairs: np.ndarray[Any, Any],
) -> Figures:
    chosen = np.flatnonzero(sequence.kinds == kind)
    if not len(chosen):
        nan = float("nan")
        return Figures(units=0, uniform=nan, unigram=nan, bigram=nan, model=nan)
    tokens, before = sequence.tokens[chosen], sequence.tokens[np.maximum(0, chosen - 1)]
    return Figures(
        units=len(chosen),
        uniform=float(np.log2(sequence.size)),
        unigram=float(-np.log2(base[tokens]).mean()),
        bigram=float(-np.log2(pairs[before, tokens]).mean()),
        model=evaluate(network, sequence, sequences, kind),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
