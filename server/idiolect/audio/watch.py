"""Watching the way out: when it dies, play goes on to nobody until another one is there.

The engine's clock is handed from the dead output to a null one within a moment of the loss being
noticed, so whatever is planned, steered and recorded goes on.  Meanwhile the way out is opened again
and again, ever more seldom; when that works, the clock is handed over between two fades.

Everything an audio library is asked for happens on one thread, one thing after the other: libjack
crashes when a client of a killed server is closed while another one is opened.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from idiolect.audio.null import NullOutput
from idiolect.audio.output import Output
from idiolect.engine.seat import Renderer, Seat
from idiolect.errors import AudioError, RestartNeeded

__all__ = ["FADE_SECONDS", "Watch"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

FADE_SECONDS = 0.05
"""Of the fades on either side of a change of the way out."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0  # seconds between two tries to open it again
_SETTLE_SECONDS = 0.02  # for a callback to come out of the block it may be in


class Watch:
    """The way out, and the null one that takes its place while it is gone.

    Parameters
    ----------
    open_ : callable
        Opens the way out, silent; may raise `AudioError`.
    engine
        Who renders.
    block_size : int
        Frames per block while it is gone.
    fade : callable
        Takes the sound to silence (True) or back (False), within `FADE_SECONDS` of the engine's
        clock; returns when it is on its way.
    on_output : callable
        Called whenever `state` is another.
    may_be_gone : bool
        Whether to begin without the way out when it cannot be opened.

    Raises
    ------
    AudioError
        When it cannot be opened, and must be.

    Notes
    -----
    One thread's, the main one.
    """

    def __init__(
        self,
        open_: Callable[[], Output],
        engine: Renderer,
        block_size: int,
        *,
        fade: Callable[[bool], None],
        on_output: Callable[[], None] = lambda: None,
        may_be_gone: bool = False,
    ) -> None:
        self._open = open_
        self._engine = engine
        self._block_size = block_size
        self._fade = fade
        self._on_output = on_output
        self._reason = ""
        self._pause = _FIRST_PAUSE
        self._next = 0.0  # of `time.monotonic`: when it is tried again
        self.restart_needed = False
        self._asked: deque[Callable[[], None]] = deque()
        self._null().stop()  # what it needs is compiled before it is needed
        self._here: Output | None = None  # the way out, while it is there
        try:
            self._here = open_()
        except AudioError:
            if not may_be_gone:
                raise
        self.output: Output = self._here or self._null()
        self._name = self.output.name

    @property
    def state(self) -> tuple[str, str]:
        """The name of the way out, and ``here``, ``lost``, or ``restarting`` by a new process."""
        if self._here is not None:
            return self._here.name, "here"
        return self._name, "restarting" if self.restart_needed else "lost"

    def _null(self) -> NullOutput:
        return NullOutput(Seat(self._engine, self._block_size))

    def start(self) -> None:
        """Let the engine play."""
        self.output.start()

    def stop(self) -> None:
        """End what plays."""
        self.output.stop()

    def ask(self, act: Callable[[], T]) -> Future[T]:
        """Have something done on this thread, at the next look; any thread."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except Exception as error:  # for the one who asked
                done.set_exception(error)

        self._asked.append(run)
        return done

    def move(self, open_: Callable[[], Output]) -> str:
        """Go over to another way out, between two fades; give its name.

        What is there is closed first: the other may be the same card.

        Raises
        ------
        AudioError
            When the other cannot be opened; then this one is opened again, at the next look.
        """
        if self._here is not None:
            self._fade_out()
            self.output.stop()
            self._name = self._here.name
            self.output, self._here = self._null(), None
            self.output.start()
        self._reason, self._pause, self._next = "", _FIRST_PAUSE, 0.0
        self._hand_over(open_())
        return self.output.name

    def look(self) -> None:
        """See whether the way out still asks for blocks, or can be opened again; call it often."""
        while self._asked:
            self._asked.popleft()()
        if self._here is None:
            if time.monotonic() >= self._next and not self.restart_needed:
                self._seek()
        elif not self._here.alive:
            self._lose(self._here)

    def _lose(self, lost: Output) -> None:
        """Hand the clock on, and put the dead away: it gives the clock up before all else."""
        closing = threading.Thread(target=lost.stop, name="idiolect-lost", daemon=True)
        closing.start()
        time.sleep(_SETTLE_SECONDS)
        self.output, self._here = self._null(), None
        self.output.start()
        self._name, self._reason, self._pause, self._next = lost.name, "", _FIRST_PAUSE, 0.0
        logger.warning("%s has gone; it plays on unheard until it is back", lost.name)
        self._on_output()
        closing.join()

    def _seek(self) -> None:
        """Try to open the way out again."""
        try:
            found = self._open()
        except RestartNeeded as error:
            logger.warning("%s", error)
            self.restart_needed = True
            self._on_output()
        except AudioError as error:
            if str(error) != self._reason:
                self._reason = str(error)
                logger.warning("%s", error)
            self._next = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        else:
            self._hand_over(found)
            logger.warning("%s is back", found.name)

    def _hand_over(self, found: Output) -> None:
        self._fade_out()
        self.output.stop()
        self.output = self._here = found
        found.start()
        self._fade(False)
        self._on_output()

    def _fade_out(self) -> None:
        self._fade(True)
        time.sleep(FADE_SECONDS + 2 * self.output.block_size / self._engine.sample_rate)
