"""Recording what is heard, without the callback's help.

The block leaves its output in a ring; a thread copies it to a file.  The callback never waits, and
never writes.
"""

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.audio.flac import FLAC_CHANNELS, FlacWriter
from idiolect.audio.wav import WavWriter
from idiolect.disk import has_room
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError, ControlError

__all__ = ["Recorder", "Recordings", "Take"]

_POLL_SECONDS = 0.1
_RESERVE = 16 * 2**20  # bytes left free on the disk: enough to complete the file
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Take:
    """What became of a recording."""

    name: str
    seconds: float
    lost_frames: int  # overwritten before they were copied; silence stands in their place
    failure: str  # why it ended by itself; empty when it did not


class Recorder:
    """Writes everything an engine plays to a file: WAV, or FLAC when it is called so.

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
        self.done: Future[Take] = Future()
        self._engine = engine
        self._next = engine.frame
        writer = FlacWriter if path.suffix.lower() == ".flac" else WavWriter
        self._file = writer(path, engine.sample_rate, engine.channels)
        self._stopping = threading.Event()
        self._failure: AudioError | None = None
        self._thread = threading.Thread(target=self._work, name="idiolect-recorder", daemon=True)

    @property
    def take(self) -> Take:
        """How far it has come."""
        seconds = self._file.frames / self._engine.sample_rate
        return Take(self.path.name, seconds, self.lost_frames, str(self._failure or ""))

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def finish(self) -> None:
        """Let it write what is left, and be done; it does not wait for that."""
        self._stopping.set()

    def stop(self) -> None:
        """Write what is left and give the file its name.

        Raises
        ------
        AudioError
            When it could not be written to its end; what could be is there all the same.
        """
        self.finish()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        """Write until told to stop; the thread's border for errors."""
        try:
            while not self._stopping.wait(_POLL_SECONDS):
                self._write()
            self._write()
        except AudioError as error:
            self._failure = error
        except OSError as error:  # the folder itself has gone
            self._failure = AudioError(f"cannot write {self.path}: {error.strerror}; begin again")
        try:
            self._file.close()
        except AudioError as error:
            self._failure = self._failure or error
            self._file.discard()
        self.done.set_result(self.take)

    def _write(self) -> None:
        if not has_room(self.path, _RESERVE):
            raise AudioError(f"cannot write on: the disk of {self.path} is full; make room")
        first, frames = self._engine.heard(self._next)
        if first > self._next:  # silence keeps everything after it in its place
            gap: NDArray[np.float32]
            gap = np.zeros((first - self._next, self._engine.channels), np.float32)
            self._file.write(gap)
            self.lost_frames += len(gap)
        self._file.write(frames)
        self._next = first + len(frames)


class Recordings:
    """The folder that what is heard can be recorded into, one file at a time.

    Parameters
    ----------
    engine : Engine
    folder : str
        Files are made in it, and nowhere else; empty: none are.

    Notes
    -----
    Control thread.
    """

    def __init__(self, engine: Engine, folder: str) -> None:
        self._engine = engine
        self._folder = folder
        self._recorder: Recorder | None = None

    @property
    def take(self) -> Take | None:
        """The recording that runs, or the last; None: there was none."""
        return self._recorder.take if self._recorder else None

    @property
    def running(self) -> bool:
        """Whether it records."""
        return self._recorder is not None and not self._recorder.done.done()

    def start(self, name: str) -> Future[Take]:
        """Begin to record into a new file of the folder.

        Parameters
        ----------
        name : str
            Of the file, with its suffix: .wav (32-bit float) or .flac.

        Returns
        -------
        Future
            Of what will have become of it.

        Raises
        ------
        ControlError
            When that is no name for a file, or something is recorded already.
        AudioError
            When the file cannot be made.
        """
        if self.running:
            raise ControlError("something is recorded already: /record/stop ends it")
        path = self._path(name)
        self._recorder = Recorder(self._engine, path)
        self._recorder.start()
        return self._recorder.done

    def stop(self) -> Future[Take]:
        """End the recording.

        Raises
        ------
        ControlError
            When nothing is recorded.
        """
        if self._recorder is None or not self.running:
            last = self.take
            ended = (
                f": {last.name} ended by itself, {last.failure}" if last and last.failure else ""
            )
            raise ControlError(f"nothing is recorded{ended}; /record/start begins")
        self._recorder.finish()
        return self._recorder.done

    def close(self) -> None:
        """End what is recorded, and wait until its file is complete."""
        if self.running:
            self.stop().result()

    def _path(self, name: str) -> Path:
        """Find where a file of that name lies, which is inside the folder and nowhere else."""
        if not self._folder:
            raise ControlError(
                "there is no folder for recordings: name one as audio.recordings in the settings"
            )
        plain = name.isprintable() and not set(name) & set("/\\:") and not name.startswith(".")
        if not plain or len(name.encode()) > _LONGEST_NAME:
            raise ControlError(f"{name!r} is no plain name for a file; send one like take1.wav")
        path = Path(self._folder) / name
        if path.suffix.lower() not in {".wav", ".flac"}:
            raise ControlError(f"{name!r} ends neither in .wav nor in .flac; name it so")
        if path.suffix.lower() == ".flac" and self._engine.channels > FLAC_CHANNELS:
            raise ControlError(
                f"FLAC holds {FLAC_CHANNELS} channels and there are {self._engine.channels}; "
                "record into a .wav"
            )
        if path.is_symlink() or path.exists():
            raise ControlError(f"{name!r} is there already; choose another name")
        return path
