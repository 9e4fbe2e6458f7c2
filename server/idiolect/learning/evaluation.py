"""What the model is worth: bits per token on units it never learned from, beside what it must beat.

Every model is judged on the same units.  Order and discounts of the n-grams and the memory's share
in the mixture are fitted on the validation units; the test units are read once.  The parent's class
is computed from audio beyond the next unit, so what is compared with an n-gram is not told it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import Memory
from idiolect.learning.baselines import unigram
from idiolect.learning.memories import HIGHEST_ORDER, KINDS, Ngram, choose, rank
from idiolect.learning.mixing import Bits, Interval, fit_weight, interval, mix
from idiolect.learning.network import Network
from idiolect.learning.ngrams import Stream, count
from idiolect.learning.sequences import Sequence
from idiolect.learning.split import GAP, TEST, TRAIN, VALIDATION
from idiolect.learning.training import surprises

__all__ = ["MODELS", "Evaluation", "Figures", "Trial", "conclude", "stream_of", "try_models"]

MODELS = (
    "uniform",
    "unigram",
    "best_ngram",
    "network",
    "memory",
    "mixture",
    "mixture_no_parent",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One scale as a network sees it that learned from a part, bits at each unit of the rest.

    The models are `MODELS` but for the mixtures, and ``guided``, the network that is told the
    parents.  The memory is the best n-gram.
    """

    size: int  # tokens of the scale
    learned: Stream
    held_out: Stream
    ngram: Ngram
    validation: dict[str, Bits]
    test: dict[str, Bits]
    ladder: dict[tuple[str, int], Bits]  # at the test units, of n-grams by kind and order


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Means over the test units, bits; NaN where there are none."""

    units: int
    trials: int  # networks that were trained, each judged on units of its own
    bits_per_token: dict[str, float]  # of MODELS
    bits_per_second: dict[str, float]
    intervals: dict[str, Interval]  # 95 %, of bits per token
    gain: Interval  # best_ngram less mixture_no_parent, paired
    best_ngram: str
    ladder: dict[str, list[Interval]]  # n-grams by kind, order 1 first, as far as every trial went


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What is taken from judging one scale."""

    ngram: Ngram  # how the memory is made
    weight: float  # of the memory in the mixture
    note: str  # what speaks, in words
    figures: Figures


def try_models(network: Network, sequence: Sequence, sequences: list[Sequence]) -> Trial:
    """Let every model expect each held-out unit of a scale.

    Parameters
    ----------
    network
        Trained on the training units.
    sequence, sequences
        The scale, and all of them.
    """
    learned, held_out = (stream_of(sequence, sequence.kinds == k) for k in (TRAIN, VALIDATION))
    ranked = rank([(learned, held_out, sequence.size)])
    counts, ngram = count(learned, HIGHEST_ORDER), ranked[0]
    memory = ngram.smooth(counts)
    base = unigram(sequence.tokens[sequence.kinds == TRAIN], sequence.size)

    def judge(kind: int) -> dict[str, Bits]:
        """Give the surprise of every model at each unit of a set."""
        tokens = sequence.tokens[sequence.kinds == kind]
        remembered = _remembered(ngram, memory, sequence, kind)
        return {
            "uniform": np.full(len(tokens), np.log2(sequence.size)),
            "unigram": -np.log2(base[tokens]),
            "best_ngram": remembered,
            "memory": remembered,
            "network": surprises(network, sequence, sequences, kind, guided=False),
            "guided": surprises(network, sequence, sequences, kind, guided=True),
        }

    ladder = {
        (other.kind, other.order): _remembered(other, other.smooth(counts), sequence, TEST)
        for other in ranked
    }
    return Trial(sequence.size, learned, held_out, ngram, judge(VALIDATION), judge(TEST), ladder)


def stream_of(sequence: Sequence, inside: NDArray[np.bool_]) -> Stream:
    """Lay out the tokens of a part of a scale, as n-grams read them."""
    return Stream.of(sequence.tokens, sequence.sources, inside)


def _remembered(ngram: Ngram, memory: Memory, sequence: Sequence, kind: int) -> Bits:
    """Judge a memory on one set; as the network's, its past reaches back into the gap."""
    inside = (sequence.kinds == kind) | (sequence.kinds == GAP)
    bits = ngram.surprise(memory, stream_of(sequence, inside), sequence.size)
    return np.asarray(bits[sequence.kinds[inside] == kind])


def conclude(trials: list[Trial], seconds: float) -> Evaluation:
    """Pool the trials of one scale: what its memory is, how much it weighs, and the figures.

    Parameters
    ----------
    trials
        One, or one for each fold; each is mixed by the weight its own validation units give.
    seconds
        Mean length of a unit.
    """
    tested = _join([trial.test | _mixtures(trial) for trial in trials])
    held_out = _join([trial.validation for trial in trials])
    weight = fit_weight(held_out["network"], held_out["memory"])
    judges = [(trial.learned, trial.held_out, trial.size) for trial in trials]
    ngram = trials[0].ngram if len(trials) == 1 else choose(judges)
    means = {name: float(tested[name].mean()) if len(tested[name]) else np.nan for name in MODELS}
    return Evaluation(
        ngram=ngram,
        weight=weight,
        note=_say(weight, len(held_out["network"])),
        figures=Figures(
            units=len(tested["network"]),
            trials=len(trials),
            bits_per_token=means,
            bits_per_second={name: bits / seconds for name, bits in means.items()},
            intervals={name: interval(tested[name]) for name in MODELS},
            gain=interval(tested["best_ngram"] - tested["mixture_no_parent"]),
            best_ngram=ngram.name,
            ladder={kind: _climb([trial.ladder for trial in trials], kind) for kind in KINDS},
        ),
    )


def _climb(ladders: list[dict[tuple[str, int], Bits]], kind: str) -> list[Interval]:
    """Pool the n-grams of one kind over the trials, order 1 first; none where nothing was fitted."""
    steps = []
    for order in range(1, HIGHEST_ORDER + 1):
        found = [ladder[kind, order] for ladder in ladders if (kind, order) in ladder]
        if len(found) < len(ladders):
            break
        steps.append(interval(np.concatenate(found)))
    return steps


def _mixtures(trial: Trial) -> dict[str, Bits]:
    weight = fit_weight(trial.validation["network"], trial.validation["memory"])
    return {
        "mixture": mix(trial.test["guided"], trial.test["memory"], weight),
        "mixture_no_parent": mix(trial.test["network"], trial.test["memory"], weight),
    }


def _join(parts: list[dict[str, Bits]]) -> dict[str, Bits]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _say(weight: float, units: int) -> str:
    if not units:
        return (
            "the memory speaks alone: no unit is held out that could show what a network is worth"
        )
    if weight == 1.0:
        return f"the memory speaks alone: on {units} held-out units the network was no help"
    return f"network and memory, which has {weight:.0%}, as {units} held-out units say"
