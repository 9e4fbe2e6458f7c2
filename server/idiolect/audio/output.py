"""What every way out has in common, and how one is chosen by name."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from idiolect.engine.seat import Renderer, Seat
from idiolect.errors import AudioError

__all__ = ["BLOCK_FRAMES", "Output", "pick_rate", "finishes", "open_output"]

BLOCK_FRAMES = 256
"""Frames per block where the caller has no wish."""


class Output(Protocol):
    """A way out.

    Making one opens it, silent; the engine's clock stands still until `start`.  One that has died
    stays dead: `stop` it, and make another.

    Notes
    -----
    Control thread only, but for the attributes, which anyone may read.
    """

    @property
    def name(self) -> str:
        """What the user is told: the kind, and the device or the file."""

    @property
    def sample_rate(self) -> int:
        """Hz; the engine's."""

    @property
    def block_size(self) -> int:
        """Frames per block, as far as it is known; JACK may change it."""

    @property
    def latency_frames(self) -> int:
        """Frames from a block's first sample to when it is heard, as the device says."""

    @property
    def alive(self) -> bool:
        """Whether blocks are still being asked for; False means that it has died."""

    def start(self) -> None:
        """Let the engine play."""

    def stop(self) -> None:
        """End for good and free what can be freed, the engine's clock before all else.

        A second call does nothing.
        """


def open_output(
    kind: str,
    engine: Renderer,
    *,
    device: str = "",
    block_size: int = BLOCK_FRAMES,
    latency: str = "low",
    client: str = "idiolect",
    before_block: Callable[[int], object] | None = None,
) -> Output:
    """Open a way out.

    Parameters
    ----------
    kind : str
        ``device``, ``jack``, ``null`` or ``file:PATH``.
    engine
        Who renders; at a rate that `pick_rate` agreed to.
    device : str
        Part of a device's name, with its API before it or not: "ALSA: hw:0"; empty is the
        system's choice.
    block_size : int
        Frames per block; JACK decides its own.
    latency : str
        What is asked of a device: low, high, or seconds.
    client : str
        Name of the JACK client.
    before_block : callable, optional
        For a file: plans what the next block needs, and is told how many frames that are.  Without
        it the engine runs out of grains, since a file waits for nobody else.

    Raises
    ------
    AudioError
        When there is no such way out, or it cannot be opened; the message names the cure.
    """
    word, _, path = kind.partition(":")
    # Each is imported when it is wanted: a machine may have the libraries of none.
    if word == "file" and path:
        from idiolect.audio.file import FileOutput

        return FileOutput(engine, Path(path), block_size, before_block)
    seat = Seat(engine, block_size)
    if kind == "device":
        from idiolect.audio.device import DeviceOutput

        return DeviceOutput(seat, device, latency)
    if kind == "jack":
        from idiolect.audio.jack import JackOutput

        return JackOutput(seat, client)
    if kind == "null":
        from idiolect.audio.null import NullOutput

        return NullOutput(seat)
    raise AudioError(f"there is no output {kind!r}; choose device, jack, null or file:PATH")


def pick_rate(kind: str, wanted: int, *, device: str = "", channels: int = 2) -> int:
    """Say at which rate an output can play: `wanted` where it can, else its own.

    Parameters
    ----------
    kind : str
        As for `open_output`.
    wanted : int
        Hz; the bundle's.
    device, channels
        As for `open_output`, and of its engine.

    Raises
    ------
    AudioError
        When the device or the server is not there.
    """
    if kind == "device":
        from idiolect.audio.device import pick_device_rate

        return pick_device_rate(device, wanted, channels)
    if kind == "jack":
        from idiolect.audio.jack import server_rate

        return server_rate()
    return wanted


def finishes(work: Callable[[], object], seconds: float) -> bool:
    """Try to do `work` within `seconds`, on a thread that is left behind if it hangs.

    Returns
    -------
    bool
        False when it did not finish: what it was closing must then be kept for ever.

    Notes
    -----
    For the audio libraries' own calls, some of which never return once their server has died.
    """
    thread = threading.Thread(target=work, name="idiolect-close", daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
