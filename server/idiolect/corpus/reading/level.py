"""How loud a source is, heard block by block."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Level"]

WINDOW = 0.4  # seconds; as the momentary loudness of EBU R 128
GATE_DB = -60.0  # windows below it are pauses and do not count
PEAK_DB = -1.0  # no source is raised beyond it


@dataclass
class Level:
    """Gathers the mean power of what is not silent, and the peak.

    How the audio comes in blocks changes nothing.
    """

    sample_rate: int
    peak: float = 0.0
    _power: float = 0.0
    _windows: int = 0
    _rest: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def hear(self, block: NDArray[np.float32]) -> None:
        """Take float32[frames, channels]."""
        if not block.size:
            return
        self.peak = max(self.peak, float(np.abs(block).max()))
        squares = np.concatenate([self._rest, (block**2).mean(axis=1, dtype=np.float32)])
        size = round(WINDOW * self.sample_rate)
        whole = len(squares) // size
        means = squares[: whole * size].reshape(whole, size).mean(axis=1, dtype=np.float64)
        heard = means[means > 10 ** (GATE_DB / 10)]
        self._power += float(heard.sum())
        self._windows += len(heard)
        self._rest = squares[whole * size :]

    def gain(self, wanted_db: float) -> float:
        """Give the factor that brings what was heard to a level, dB of full scale.

        It is 1 for silence, and never lifts the peak beyond -1 dBFS.
        """
        power, windows = self._power, self._windows
        if windows == 0 and len(self._rest):  # shorter than a window
            power, windows = float(self._rest.mean(dtype=np.float64)), 1
        if power <= 0 or self.peak <= 0:
            return 1.0
        wanted = 10 ** (wanted_db / 20) / np.sqrt(power / windows)
        return float(min(wanted, max(1.0, 10 ** (PEAK_DB / 20) / self.peak)))
