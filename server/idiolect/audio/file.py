"""Sound into a file, as fast as it goes, through the same block as live."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect.audio.output import BLOCK_FRAMES
from idiolect.audio.wav import WavWriter, write_wav
from idiolect.errors import AudioError

__all__ = ["FileOutput", "WavWriter", "render", "write_wav"]

logger = logging.getLogger(__name__)

_FOR_EVER = 1 << 62  # frames


class Player(Protocol):
    """What rendering without a device needs of `engine.Engine`."""

    sample_rate: int
    channels: int

    def render(self, out: NDArray[np.float32]) -> None:
        """Fill float32[frames, channels] and advance the clock."""


def render(
    engine: Player,
    frames: int,
    block_size: int = BLOCK_FRAMES,
    before_block: Callable[[int], object] | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Render `frames` frames, block by block.

    Parameters
    ----------
    engine
        Who renders.
    frames : int
        How many in all.
    block_size : int
        Frames per block; the last may be shorter.
    before_block : callable, optional
        Called with the frames about to be rendered; returns once they are planned.

    Yields
    ------
    float32[n, channels]
        A new array each time, linear.

    Notes
    -----
    One thread, which stands in for the callback's; no stream may be running.
    """
    for start in range(0, frames, block_size):
        count = min(block_size, frames - start)
        if before_block is not None:
            before_block(count)
        out = np.empty((count, engine.channels), np.float32)
        engine.render(out)
        yield out


class FileOutput:
    """A way out into a WAV file, as fast as the planner allows.

    Parameters
    ----------
    engine
        Who renders.
    path
        The file; it appears when the output is stopped.
    block_size : int
        Frames per block.
    before_block : callable, optional
        As for `render`; called on the file's thread.  Without it the engine runs out of grains.

    Notes
    -----
    Control thread; it owns the thread that renders.
    """

    def __init__(
        self,
        engine: Player,
        path: Path,
        block_size: int = BLOCK_FRAMES,
        before_block: Callable[[int], object] | None = None,
    ) -> None:
        self.name = f"file {path}"
        self.sample_rate = engine.sample_rate
        self.block_size = block_size
        self.latency_frames = 0
        self._engine = engine
        self._before_block = before_block
        self._wav = WavWriter(path, engine.sample_rate, engine.channels)
        self._stopping = threading.Event()
        self._failure: AudioError | None = None
        self._thread = threading.Thread(target=self._work, name="idiolect-file", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it renders, or waits to be started."""
        return self._failure is None and not self._stopping.is_set()

    def start(self) -> None:
        """Let the engine play."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and complete the file.

        Raises
        ------
        AudioError
            When the file could not be written to its end.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._failure is not None:
            self._wav.discard()
            raise self._failure
        self._wav.close()

    def _work(self) -> None:
        """Render until stopped; the thread's border for errors."""
        try:
            for block in render(self._engine, _FOR_EVER, self.block_size, self._before_block):
                if self._stopping.is_set():
                    return
                self._wav.write(block)
        except AudioError as error:
            logger.exception("rendering ends here")
            self._failure = error
