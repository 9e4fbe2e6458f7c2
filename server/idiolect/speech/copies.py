"""How long what is heard is the corpus itself, in one piece."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.speech.said import Said

__all__ = ["measure_copies"]


def measure_copies(said: Said) -> dict[str, Any]:
    """Measure the copies: the longest runs of units that followed each other in the corpus.

    A unit between two leaps is a copy of one unit.  The last one counts as far as it was heard.

    Parameters
    ----------
    said
        At least one unit.

    Returns
    -------
    dict
        ``count`` of copies, ``continued``, the share of units that continue the one before, and
        ``units`` and ``seconds``, how long the copies are: ``median``, ``mean``, ``p90`` (one in
        ten is longer) and ``longest``.  ``by_time`` has the first three, in seconds, of the copy
        that sounds at a random moment: the long ones are heard for longer.
    """
    begins = np.flatnonzero(~said.follows)
    units = np.diff(begins, append=len(said.units)).astype(np.float64)
    seconds = np.add.reduceat(said.lengths, begins)
    alike = np.ones(len(begins))
    return {
        "count": len(begins),
        "continued": float(said.follows.mean()),
        "units": _spread(units, alike) | {"longest": int(units.max())},
        "seconds": _spread(seconds, alike) | {"longest": float(seconds.max())},
        "by_time": _spread(seconds, seconds),
    }


def _spread(values: NDArray[np.float64], weights: NDArray[np.float64]) -> dict[str, float]:
    """Give median, mean and 90th percentile; a quantile is the least value that reaches its share."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, np.array([0.5, 0.9]) * reached[-1] * (1 - 1e-12))
    median, high = values[order][at]
    return {
        "median": float(median),
        "mean": float(np.average(values, weights=weights)),
        "p90": float(high),
    }
