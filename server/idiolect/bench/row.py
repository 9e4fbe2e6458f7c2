"""What a callback's run comes down to: one row of the table."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.engine.clock import CALLS, CPU_SUM, ENTERED_LATE, LATE, PERIOD, XRUNS, monotonic_ns
from idiolect.engine.seat import BINS, Seat

__all__ = ["Row", "Stopwatch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One callback, over some seconds."""

    blocks: int  # rendered
    skipped: int  # that the server did not ask for, or not in time to get them
    late: int  # by the callback's own fault
    entered_late: int  # asked for when half their time had gone
    xruns: int  # as the server counts them
    cpu_mean: float  # microseconds of processor time for a block
    cpu_p99: int
    cpu_p999: int
    cpu_longest: int  # microseconds; what is beyond the histogram counts as its end

    def as_dict(self) -> dict[str, Any]:
        """Give the row for JSON."""
        return asdict(self)


class Stopwatch:
    """Measures one seat from now on.

    Parameters
    ----------
    seat
        Of a callback that is being called.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._since = monotonic_ns()
        self._timing = seat.engine.timing.copy()
        self._histogram = seat.histogram.copy()

    def read(self) -> Row:
        """Say what happened since it was made."""
        timing = self._seat.engine.timing
        passed = timing - self._timing
        histogram = self._seat.histogram - self._histogram
        due = (monotonic_ns() - self._since) / max(1, int(timing[PERIOD]))
        return Row(
            blocks=int(passed[CALLS]),
            # A block more or less is the moment at which it was asked, not one that was skipped.
            skipped=max(0, round(due) - int(passed[CALLS]) - 1),
            late=int(passed[LATE]),
            entered_late=int(passed[ENTERED_LATE]),
            xruns=int(passed[XRUNS]),
            cpu_mean=float(passed[CPU_SUM]) / max(1, int(passed[CALLS])) / 1000,
            cpu_p99=_quantile(histogram, 0.99),
            cpu_p999=_quantile(histogram, 0.999),
            cpu_longest=_quantile(histogram, 1.0),
        )


def _quantile(histogram: NDArray[np.int64], share: float) -> int:
    """Upper edge, in microseconds, of the bin up to which `share` of the blocks lie."""
    total = int(histogram.sum())
    if total == 0:
        return 0
    found = int(np.searchsorted(np.cumsum(histogram), share * total))
    return min(found + 1, BINS)
