"""The device output: PortAudio calls the compiled callback.

`sounddevice._StreamBase` takes a C function and a pointer for it, which is its door for libraries
like this one.  Only the output is ever opened.  A stream whose device or server has died cannot be
closed (PortAudio hangs); it is left alone, and after that only a new process can open another.
"""

import atexit
from typing import Any

from idiolect.audio.output import finishes
from idiolect.engine.callback import compiled
from idiolect.engine.seat import BUFFER, RATE, Seat
from idiolect.errors import AudioError, RestartNeeded

__all__ = ["DeviceOutput", "device_names", "pick_device_rate"]

_SILENT_SECONDS = 1.0
"""A device that asks for nothing for so long, or twice its latency, is dead."""

_WRONG_RATE = -9997  # PortAudio's paInvalidSampleRate

_CLOSE_SECONDS = 2.0

_open_streams: list[Any] = []
"""Streams of this process that PortAudio serves; while there is one it cannot be begun anew."""

_abandoned: list[tuple[Any, Seat]] = []
"""Streams that would not close, with their seats: PortAudio may still call them."""


def pick_device_rate(name: str, wanted: int, channels: int = 2) -> int:
    """Say at which rate a device can play: `wanted` where it can, else its own.

    Parameters
    ----------
    name : str
        Part of the device's name, with its API before it or not: "ALSA: hw:0"; empty is the
        system's choice.
    wanted : int
        Hz.
    channels : int
        How many the device must have.

    Raises
    ------
    AudioError
        When there is no such device; the message lists those there are.
    """
    sounddevice = _sounddevice()
    device = _find(sounddevice, name, channels)
    try:
        sounddevice.check_output_settings(
            device=device["index"], channels=channels, dtype="float32", samplerate=wanted
        )
    except sounddevice.PortAudioError:
        return int(device["default_samplerate"])
    return wanted


def device_names(channels: int) -> list[str]:
    """Name the devices that play so many channels, in the words that choose them.

    Raises
    ------
    AudioError
        When PortAudio is not installed, or a stream of this process has died.
    """
    sounddevice = _sounddevice()
    return [_full_name(sounddevice, device) for device in _playing(sounddevice, channels)]


class DeviceOutput:
    """A way out through PortAudio: ALSA, CoreAudio, WASAPI and others.

    Parameters
    ----------
    seat
        Of the callback; its BUFFER says how long the blocks are.
    name : str
        As for `pick_device_rate`.
    latency : str
        What the device is asked for: low, high (what it says itself of each), or seconds.

    Raises
    ------
    AudioError
        When PortAudio, the device or the rate is not there.
    RestartNeeded
        When a stream of this process has died, or the device plays at another rate now.

    Notes
    -----
    Control thread.
    """

    def __init__(self, seat: Seat, name: str = "", latency: str = "low") -> None:
        self.seat = seat
        self.sample_rate = int(seat.columns[RATE])
        self.block_size = int(seat.columns[BUFFER])
        sounddevice = _sounddevice()
        device = _find(sounddevice, name, seat.engine.channels)
        self.name = f"device {device['name']}"
        try:
            self._stream = self._open(sounddevice, device["index"], latency)
            self.latency_frames = round(self._stream.latency * self.sample_rate)
            self._stream.start()
            seat.take()  # from now on it is expected to ask: to begin may have taken long
        except sounddevice.PortAudioError as error:
            raise self._refused(sounddevice, device, error) from error
        _open_streams.append(self._stream)
        self._stopped = False

    @property
    def alive(self) -> bool:
        """Whether the device asks for blocks."""
        patience = max(_SILENT_SECONDS, 2 * self.latency_frames / self.sample_rate)
        return not self._stopped and self.seat.seconds_silent < patience

    def start(self) -> None:
        """Let the engine play."""
        self.seat.run(True)

    def stop(self) -> None:
        """Close the stream; one that has died is left open until the process ends."""
        self.seat.run(False)
        if self._stopped:
            return
        dead = not self.alive
        self._stopped = True
        if dead or not finishes(self._close, _CLOSE_SECONDS):
            self._abandon()
        _open_streams.remove(self._stream)

    def _open(self, sounddevice: Any, index: int, latency: str) -> Any:
        ffi = sounddevice._ffi
        self.seat.take()
        return sounddevice._StreamBase(
            kind="output",
            samplerate=self.sample_rate,
            blocksize=self.block_size,
            device=index,
            channels=self.seat.engine.channels,
            dtype="float32",
            latency=latency if latency in {"low", "high"} else float(latency),
            callback=ffi.cast("PaStreamCallback*", compiled("portaudio").address),
            userdata=ffi.cast("void*", self.seat.address),
            clip_off=True,  # the limiter has done it, and bits shall stay as they are
            dither_off=True,
        )

    def _refused(self, sounddevice: Any, device: Any, error: Any) -> AudioError:
        rate = round(device["default_samplerate"])
        if error.args[1:2] == (_WRONG_RATE,) and rate != self.sample_rate:
            return RestartNeeded(
                f"{device['name']} plays at {rate} Hz and the engine at {self.sample_rate} Hz; "
                "a new process follows the device"
            )
        _look_again(sounddevice)
        return AudioError(
            f"{device['name']} cannot play {self.seat.engine.channels} channels at "
            f"{self.sample_rate} Hz in blocks of {self.block_size} frames: {error.args[0]}; choose "
            f"another --device ({_listed(sounddevice)}), or --audio null for none"
        )

    def _close(self) -> None:
        self._stream.abort()
        self._stream.close()

    def _abandon(self) -> None:
        """Keep what PortAudio may still touch, and do not let the exit wait for it."""
        _abandoned.append((self._stream, self.seat))
        atexit.unregister(_library()._exit_handler)


def _sounddevice() -> Any:
    """Give PortAudio's Python face.

    Raises
    ------
    AudioError
        When the library is not installed.
    RestartNeeded
        When a stream of this process has died: PortAudio lists the devices when it begins, and it
        cannot begin anew before every stream is closed.
    """
    if _abandoned:
        raise RestartNeeded(
            "the sound device has died, and PortAudio cannot open one again in this process"
        )
    return _library()


def _look_again(sounddevice: Any) -> None:
    """Let PortAudio list the devices anew, for the next try; not while one of them plays."""
    if not _open_streams:
        sounddevice._terminate()
        sounddevice._initialize()


def _library() -> Any:
    try:
        import sounddevice
    except OSError as error:  # the Python package is there, the C library is not
        raise AudioError(
            "the PortAudio library is not installed; apt install libportaudio2, or choose another "
            "way out: --audio jack, or --audio null for none"
        ) from error
    return sounddevice


def _find(sounddevice: Any, name: str, channels: int) -> Any:
    """Find the first device that plays so many channels and has `name` in its name."""
    found = _named(sounddevice, name, channels)
    if not found:
        _look_again(sounddevice)
        found = _named(sounddevice, name, channels)
    if not found:
        called = f" is called {name!r}" if name else " is here"
        many = "" if channels <= 2 else f" with {channels} channels"
        raise AudioError(
            f"no sound device{many}{called}; there are {_listed(sounddevice)}: name one with --device, "
            "or choose another way out: --audio jack, or --audio null for none"
        )
    return found[0]


def _named(sounddevice: Any, name: str, channels: int) -> list[Any]:
    devices = _playing(sounddevice, channels)
    api, part = _split(sounddevice, name)
    if api is not None:
        devices = [device for device in devices if device["hostapi"] == api]
    if part:
        return [device for device in devices if part.lower() in device["name"].lower()]
    usual = sounddevice.default.device[1] if api is None else _usual(sounddevice, api)
    return [device for device in devices if device["index"] == usual] or devices


def _split(sounddevice: Any, name: str) -> tuple[int | None, str]:
    """Read "API: part of a name"; names of devices may have colons of their own."""
    word, colon, part = name.partition(":")
    if colon and word.strip():
        for index, api in enumerate(sounddevice.query_hostapis()):
            if api["name"].lower().startswith(word.strip().lower()):
                return index, part.strip()
    return None, name


def _usual(sounddevice: Any, api: int) -> int:
    return int(sounddevice.query_hostapis(api)["default_output_device"])


def _playing(sounddevice: Any, channels: int) -> list[Any]:
    devices = sounddevice.query_devices()
    return [device for device in devices if device["max_output_channels"] >= channels]


def _full_name(sounddevice: Any, device: Any) -> str:
    return f"{sounddevice.query_hostapis(device['hostapi'])['name']}: {device['name']}"


def _listed(sounddevice: Any) -> str:
    found = [
        f"{_full_name(sounddevice, device)!r} ({device['max_output_channels']} channels)"
        for device in _playing(sounddevice, 1)
    ]
    return ", ".join(found) or "none"
