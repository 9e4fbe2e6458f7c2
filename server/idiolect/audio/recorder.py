"""Recording what is heard, without the callback's help.

The block leaves its output in a ring; a thread copies it to a file.  The callback never waits, and
never writes.
"""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.audio.file import WavWriter
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError

__all__ = ["Recorder"]

_POLL_SECONDS = 0.1


class Recorder:
    """Writes everything an engine plays to a WAV file.

    Parameters
    ----------
    engine : Engine
    path : Path
        Where it will be; what is there is replaced when the recording stops.

    Raises
    ------
    AudioError
        When the file cannot be written.

    Notes
    -----
    Control thread; it owns the thread that writes.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self.path = path
        self.lost_frames = 0
        self._engine = engine
        self._next = engine.frame
        self._wav = WavWriter(path, engine.sample_rate)
        self._stopping = threading.Event()
        self._failure: AudioError | None = None
        self._thread = threading.Thread(target=self._work, name="idiolect-recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left and give the file its name.

        Raises
        ------
        AudioError
            When it could not be written to its end.
        """
        self._stopping.set()
        self._thread.join()
        if self._failure is not None:
            self._wav.discard()
            raise self._failure
        self._wav.close()

    def _work(self) -> None:
        try:
            while not self._stopping.wait(_POLL_SECONDS):
                self._write()
            self._write()
        except AudioError as error:
            self._failure = error

    def _write(self) -> None:
        first, frames = self._engine.heard(self._next)
        if first > self._next:  # silence keeps everything after it in its place
            self.lost_frames += first - self._next
            gap: NDArray[np.float32] = np.zeros((first - self._next, 2), np.float32)
            self._wav.write(gap)
        self._wav.write(frames)
        self._next = first + len(frames)
