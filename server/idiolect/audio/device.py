"""The device output: PortAudio calls the compiled callback.

`sounddevice._StreamBase` takes a C function and a pointer for it, which is its door for libraries
like this one.  A stream whose server has died cannot be closed (PortAudio hangs), and is left alone.
"""

import atexit
from typing import Any

from idiolect.audio.output import finishes
from idiolect.engine.callback import compiled
from idiolect.engine.seat import BUFFER, RATE, Seat
from idiolect.errors import AudioError

__all__ = ["DeviceOutput", "pick_device_rate"]

_CHANNELS = 2
_SILENT_SECONDS = 2.0
_CLOSE_SECONDS = 2.0

_abandoned: list[tuple[Any, Seat]] = []
"""Streams that would not close, with their seats: PortAudio may still call them."""


def pick_device_rate(name: str, wanted: int) -> int:
    """Say at which rate a device can play: `wanted` where it can, else its own.

    Parameters
    ----------
    name : str
        Part of the device's name; empty is the system's choice.
    wanted : int
        Hz.

    Raises
    ------
    AudioError
        When there is no such device; the message lists those there are.
    """
    sounddevice = _sounddevice()
    device = _find(sounddevice, name)
    try:
        sounddevice.check_output_settings(
            device=device["index"], channels=_CHANNELS, dtype="float32", samplerate=wanted
        )
    except sounddevice.PortAudioError:
        return int(device["default_samplerate"])
    return wanted


class DeviceOutput:
    """A way out through PortAudio: ALSA, CoreAudio, WASAPI and others.

    Parameters
    ----------
    seat
        Of the callback; its BUFFER says how long the blocks are.
    name : str
        Part of the device's name; empty is the system's choice.

    Raises
    ------
    AudioError
        When PortAudio, the device or the rate is not there.

    Notes
    -----
    Control thread.
    """

    def __init__(self, seat: Seat, name: str = "") -> None:
        self.seat = seat
        self.sample_rate = int(seat.columns[RATE])
        self.block_size = int(seat.columns[BUFFER])
        sounddevice = _sounddevice()
        device = _find(sounddevice, name)
        self.name = f"device {device['name']}"
        try:
            self._stream = self._open(sounddevice, device["index"])
            self.latency_frames = round(self._stream.latency * self.sample_rate)
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise AudioError(
                f"{device['name']} cannot play at {self.sample_rate} Hz in blocks of "
                f"{self.block_size} frames: {error.args[0]}; choose another --device "
                f"({_listed(sounddevice)}), or --audio null for none"
            ) from error
        self._stopped = False

    @property
    def alive(self) -> bool:
        """Whether the device asks for blocks."""
        return not self._stopped and self.seat.seconds_silent < _SILENT_SECONDS

    def start(self) -> None:
        """Let the engine play."""
        self.seat.run(True)

    def stop(self) -> None:
        """Close the stream; one that has died is left open until the process ends."""
        if self._stopped:
            return
        dead = not self.alive
        self._stopped = True
        self.seat.run(False)
        if dead or not finishes(self._close, _CLOSE_SECONDS):
            self._abandon()

    def reconnect(self) -> None:
        """Refuse: PortAudio must be begun anew for that, and the process with it.

        Raises
        ------
        AudioError
            Always.
        """
        raise AudioError(f"{self.name} is gone; PortAudio cannot reopen it in this process")

    def _open(self, sounddevice: Any, index: int) -> Any:
        ffi = sounddevice._ffi
        self.seat.take()
        return sounddevice._StreamBase(
            kind="output",
            samplerate=self.sample_rate,
            blocksize=self.block_size,
            device=index,
            channels=_CHANNELS,
            dtype="float32",
            latency="low",
            callback=ffi.cast("PaStreamCallback*", compiled("portaudio").address),
            userdata=ffi.cast("void*", self.seat.address),
            clip_off=True,  # the limiter has done it, and bits shall stay as they are
            dither_off=True,
        )

    def _close(self) -> None:
        self._stream.abort()
        self._stream.close()

    def _abandon(self) -> None:
        """Keep what PortAudio may still touch, and do not let the exit wait for it."""
        _abandoned.append((self._stream, self.seat))
        atexit.unregister(_sounddevice()._exit_handler)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:  # the Python package is there, the C library is not
        raise AudioError(
            "the PortAudio library is not installed; apt install libportaudio2, or choose another "
            "way out: --audio jack, or --audio null for none"
        ) from error
    return sounddevice


def _find(sounddevice: Any, name: str) -> Any:
    """Find the first device that plays two channels and has `name` in its name."""
    devices = _playing(sounddevice)
    if not devices:
        raise AudioError(
            "no sound device plays two channels; connect one, or use --audio null for none"
        )
    if name:
        found = [device for device in devices if name.lower() in device["name"].lower()]
    else:
        usual = sounddevice.default.device[1]
        found = [device for device in devices if device["index"] == usual] or devices
    if not found:
        raise AudioError(f"no sound device is called {name!r}; there are {_listed(sounddevice)}")
    return found[0]


def _playing(sounddevice: Any) -> list[Any]:
    devices = sounddevice.query_devices()
    return [device for device in devices if device["max_output_channels"] >= _CHANNELS]


def _listed(sounddevice: Any) -> str:
    return ", ".join(repr(device["name"]) for device in _playing(sounddevice))
