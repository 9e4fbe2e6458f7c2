"""How much of what is heard was heard a short while before."""

import numpy as np
from numpy.typing import NDArray

from idiolect.speech.said import Said

__all__ = ["LENGTHS", "WINDOW", "measure_repetition"]

WINDOW = 60.0  # seconds: about what a listener keeps
LENGTHS = (1, 2, 4, 8)  # units that are compared as one


def measure_repetition(said: Said, window: float = WINDOW) -> dict[str, dict[str, float]]:
    """Measure which share of the n-grams was heard within the last seconds.

    Parameters
    ----------
    said
        What is heard.
    window
        Seconds.  Only n-grams with so much before them are judged: a beginning repeats nothing.

    Returns
    -------
    dict
        Of ``tokens`` and of ``units``: the share, 0 to 1, by how many of them are compared as
        one; NaN where too little was heard to say.  An n-gram may overlap with the one it repeats.
    """
    return {
        "tokens": {str(n): _share(said.tokens, said.onsets, n, window) for n in LENGTHS},
        "units": {str(n): _share(said.units, said.onsets, n, window) for n in LENGTHS},
    }


def _share(
    symbols: NDArray[np.int64], onsets: NDArray[np.float64], length: int, window: float
) -> float:
    if len(symbols) < length:
        return float("nan")
    grams = np.lib.stride_tricks.sliding_window_view(symbols, length)
    names = np.unique(grams, axis=0, return_inverse=True)[1].reshape(-1)
    onsets = onsets[: len(names)]
    order = np.argsort(names, kind="stable")
    again = np.flatnonzero(np.diff(names[order]) == 0)
    since = np.full(len(names), np.inf)  # seconds from its last occurrence
    since[order[again + 1]] = onsets[order[again + 1]] - onsets[order[again]]
    judged = onsets >= window
    return float((since[judged] <= window).mean()) if judged.any() else float("nan")
