"""What `learn` tells about a bundle: its figures, without gloss."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.learning.baselines import bigram, unigram
from idiolect.learning.network import Network
from idiolect.learning.ngrams import Stream, best_ngram, surprise
from idiolect.learning.sequences import Sequence
from idiolect.learning.split import GAP, TEST, TRAIN, VALIDATION
from idiolect.learning.training import evaluate
from idiolect.memory import Memory

__all__ = ["Figures", "Report", "ScaleReport", "figures"]

SETS = {"validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Bits per token on one held-out set; NaN where the corpus is too small to hold one out."""

    units: int
    uniform: float
    unigram: float
    bigram: float
    ngram: float  # the best of all orders and smoothings, chosen on the validation units
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
    ngram: str  # which n-gram is the best
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


def figures(
    network: Network, sequence: Sequence, sequences: list[Sequence]
) -> tuple[str, dict[str, Figures]]:
    """Judge the model and its baselines on the units held out at one scale.

    Returns
    -------
    str, dict
        Which n-gram is the best; the figures by set.
    """
    base = unigram(sequence.tokens[sequence.kinds == TRAIN], sequence.size)
    inside = (sequence.kinds[:-1] == TRAIN) & (sequence.kinds[1:] == TRAIN)
    pairs = bigram(sequence.tokens[:-1][inside], sequence.tokens[1:][inside], base)
    learned, held_out = (
        Stream.of(sequence.tokens, sequence.sources, sequence.kinds == kind)
        for kind in (TRAIN, VALIDATION)
    )
    name, memory = best_ngram(learned, held_out, sequence.size)
    found = {}
    for label, kind in SETS.items():
        chosen = np.flatnonzero(sequence.kinds == kind)
        tokens, before = sequence.tokens[chosen], sequence.tokens[np.maximum(0, chosen - 1)]
        found[label] = Figures(
            units=len(chosen),
            uniform=_mean(np.full(len(chosen), np.log2(sequence.size))),
            unigram=_mean(-np.log2(base[tokens])),
            bigram=_mean(-np.log2(pairs[before, tokens])),
            ngram=_mean(_surprise(memory, sequence, kind)),
            model=evaluate(network, sequence, sequences, kind),
        )
    return name, found


def _surprise(memory: Memory, sequence: Sequence, kind: int) -> NDArray[np.float64]:
    """Judge a memory on one set; as the network's, its past reaches back into the gap."""
    inside = (sequence.kinds == kind) | (sequence.kinds == GAP)
    stream = Stream.of(sequence.tokens, sequence.sources, inside)
    bits = surprise(memory, stream, sequence.size)
    return np.asarray(bits[sequence.kinds[inside] == kind])


def _mean(bits: NDArray[np.float64]) -> float:
    return float(bits.mean()) if len(bits) else float("nan")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
