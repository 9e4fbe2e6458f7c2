"""Choosing among the sound devices while it plays."""

from collections.abc import Callable
from concurrent.futures import Future

from idiolect.audio.output import Output
from idiolect.audio.watch import Watch
from idiolect.errors import AudioError, ControlError

__all__ = ["Devices"]


class Devices:
    """The sound devices there are, and which of them is played on.

    Parameters
    ----------
    kind : str
        Of the way out: only a ``device`` is one of several.
    chosen : str
        As for `audio.output.open_output`.
    channels : int
        That a device must have.
    open_ : callable
        Opens the device of a name, silent.

    Notes
    -----
    `watch` is to be set before anything is asked for.  What is asked of the audio library happens on
    the thread of the watch, at its next look.
    """

    watch: Watch

    def __init__(
        self, kind: str, chosen: str, channels: int, open_: Callable[[str], Output]
    ) -> None:
        self.chosen = chosen
        self._kind, self._channels, self._open = kind, channels, open_

    def reopen(self) -> Output:
        """Open the one that is chosen, as at the start or after it was lost."""
        return self._open(self.chosen)

    def names(self) -> Future[list[str]]:
        """Ask which there are, in the words that choose them; none where there is no choice."""
        if self._kind == "device":
            return self.watch.ask(self._list)
        none: Future[list[str]] = Future()
        none.set_result([])
        return none

    def open(self, name: str) -> Future[str]:
        """Go over to another, between two fades; its name, or why the old one plays on.

        Raises
        ------
        ControlError
            When the way out is none of several.
        """
        if self._kind != "device":
            raise ControlError(
                f"{name!r} cannot be opened: the way out is {self._kind}; "
                "use --audio device to play on one of several"
            )

        def go() -> str:
            try:
                moved = self.watch.move(lambda: self._open(name))
            except AudioError as error:
                raise ControlError(f"{error}; what was there before is used again") from error
            self.chosen = name
            return moved

        return self.watch.ask(go)

    def _list(self) -> list[str]:
        from idiolect.audio.device import device_names  # where PortAudio is loaded already

        return device_names(self._channels)
