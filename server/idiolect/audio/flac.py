"""FLAC files: half the size of WAV, 24 bits a sample, at most eight channels."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.disk import part_of
from idiolect.errors import AudioError

__all__ = ["FLAC_CHANNELS", "FlacWriter"]

FLAC_CHANNELS = 8
"""More the format has no room for."""


class FlacWriter:
    """A FLAC file that appears under its name only once it is whole.

    Parameters
    ----------
    path
        Where it will be; what is there is replaced.
    sample_rate : int
        Hz.
    channels : int
        1 to `FLAC_CHANNELS`.

    Raises
    ------
    AudioError
        When the file cannot be written.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        import soundfile  # who records nothing need not load libsndfile

        self.path = path
        self.frames = 0
        self._temporary = part_of(path)
        self._errors = (OSError, soundfile.SoundFileError, AssertionError)  # the last: too little
        try:
            self._file = soundfile.SoundFile(
                self._temporary, "w", sample_rate, channels, "PCM_24", format="FLAC"
            )
        except self._errors as error:
            raise AudioError(f"cannot write {path}: {error}; name another file") from error

    def write(self, block: NDArray[np.float32]) -> None:
        """Append float32[frames, channels]."""
        try:
            self._file.write(block)
        except self._errors as error:
            raise AudioError(
                f"cannot write {self.path}: {error or 'no room left'}; begin again"
            ) from error
        self.frames += len(block)

    def close(self) -> None:
        """Complete the file and give it its name."""
        try:
            self._file.close()
            os.replace(self._temporary, self.path)
        except self._errors as error:
            raise AudioError(f"cannot complete {self.path}: {error}; begin again") from error

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)
