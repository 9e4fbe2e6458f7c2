"""Affinity propagation: clusters around exemplars, units that speak for their neighbours."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AffinityPropagation
from sklearn.exceptions import ConvergenceWarning

from idiolect.vocabulary.clusters import Clusters, sample

__all__ = ["cluster"]

MANY = 2000  # units; messages pass between all pairs, so of more a sample is taken
FEW = 500  # units on which the preference is looked for
DAMPING = 0.8  # 0.5, the usual, oscillates on sounds that repeat
ROUNDS = 400  # of messages
HALVINGS = 10  # of the interval in which the preference is looked for
STEPS = 4  # of the secant, each as dear as the whole search on the small sample
USUAL_SLOPE, GENTLEST_SLOPE = -0.67, -0.2  # of the logarithm of exemplars over the preference's
NEAR = 0.1  # of the wanted size: near enough


def cluster(rows: NDArray[np.float32], size: int, seed: int) -> Clusters:
    """Find exemplars by affinity propagation, which are the prototypes.

    Parameters
    ----------
    rows : float32[units, descriptors]
        Of the training units, standardised.
    size
        Wanted tokens; the preference is tuned towards them.
    seed
        Of the sample, and of the tiny noise that breaks ties between messages.

    Notes
    -----
    B. Frey and D. Dueck, "Clustering by passing messages between data points" (2007).  The
    similarity is the squared distance, negative.  A preference buys an exemplar at the price of the
    similarity it saves, a sum over all units: the preference found on a small sample is scaled with
    the number of units, then set right by secant steps on the larger one.
    """
    small, large = sample(rows, FEW, seed), sample(rows, MANY, seed)
    preference, found = _tune(small, min(size, len(small) // 2 or 1), seed)
    if len(large) > len(small):
        found = _set_right(large, preference * len(large) / len(small), size, seed)
    if found is None:
        return Clusters(rows[:0], np.zeros(0, np.int32), ("affinity propagation did not converge",))
    notes: tuple[str, ...] = ()
    if abs(len(found) - size) > NEAR * size:
        notes = (f"affinity propagation found {len(found)} tokens, {size} were wanted",)
    return Clusters(found, np.arange(len(found), dtype=np.int32), notes)


def _tune(
    rows: NDArray[np.float32], size: int, seed: int
) -> tuple[float, NDArray[np.float32] | None]:
    """Bisect the logarithm of the preference, which the number of exemplars falls with."""
    low, high = np.log(1e-3), np.log(_spread(rows) * len(rows))
    best: tuple[float, NDArray[np.float32] | None] = (-float(np.exp(high)), None)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        found = _exemplars(rows, -float(np.exp(middle)), seed)
        count = len(found) if found is not None else len(rows)
        if found is not None and (best[1] is None or abs(count - size) < abs(len(best[1]) - size)):
            best = -float(np.exp(middle)), found
        if abs(count - size) <= NEAR / 2 * size:
            break
        low, high = (middle, high) if count > size else (low, middle)
    return best


def _set_right(
    rows: NDArray[np.float32], preference: float, size: int, seed: int
) -> NDArray[np.float32] | None:
    """Step along the logarithms of preference and exemplars, whose relation is nearly straight."""
    best: NDArray[np.float32] | None = None
    place, slope = float(np.log(-preference)), USUAL_SLOPE
    before: tuple[float, float] | None = None
    for _ in range(STEPS):
        found = _exemplars(rows, -float(np.exp(place)), seed)
        if found is None:
            break
        if best is None or abs(len(found) - size) < abs(len(best) - size):
            best = found
        if abs(len(found) - size) <= NEAR * size:
            break
        count = float(np.log(len(found)))
        if before is not None and place != before[0]:
            slope = min(GENTLEST_SLOPE, (count - before[1]) / (place - before[0]))
        before = place, count
        place += (np.log(size) - count) / slope
    return best


def _spread(rows: NDArray[np.float32]) -> float:
    """Mean squared distance of a unit to the middle of all."""
    return max(1e-2, float(rows.astype(np.float64).var(axis=0).sum()))


def _exemplars(
    rows: NDArray[np.float32], preference: float, seed: int
) -> NDArray[np.float32] | None:
    """Pass messages until the exemplars stay the same; None where they never do."""
    model = AffinityPropagation(
        preference=preference, damping=DAMPING, max_iter=ROUNDS, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)  # all similarities are equal
        model.fit(rows.astype(np.float64))
    chosen = np.asarray(model.cluster_centers_indices_, np.int64)
    if not len(chosen) or (model.labels_ < 0).any():
        return None
    return np.unique(rows[chosen], axis=0)
