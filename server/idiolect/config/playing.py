"""The settings of what plays: the way out, the door, the voices."""

import math
import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from idiolect.config.checks import within
from idiolect.errors import ConfigError

__all__ = ["TIME_TAGS", "AudioConfig", "ControlConfig", "PerformanceConfig", "read_place"]


def read_place(entry: str) -> tuple[str, int]:
    """Read where a client listens: HOST:PORT, the host a number, of IPv6 in brackets.

    Raises
    ------
    ConfigError
        When it is none.

    Examples
    --------
    >>> read_place("127.0.0.1:57120")
    ('127.0.0.1', 57120)
    """
    try:
        parts = urlsplit(f"//{entry}")
        return str(ip_address(parts.hostname or "")), int(parts.port or "")
    except ValueError:
        raise ConfigError(
            f"control.announce must be like '127.0.0.1:57120', a number and a port, got {entry!r}"
        ) from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioConfig:
    """How sound leaves the machine."""

    output: str = "device"  # device, jack, null, or file:PATH
    device: str = ""  # part of a device's name, or "API: part"; empty: the system's choice
    channels: int = 2  # of the way out
    sample_rate: int = 0  # Hz; 0: the bundle's
    block_frames: int = 256  # frames per callback; JACK decides its own
    latency: str = "low"  # asked of the device: low, high, or seconds
    recordings: str = ""  # folder that /record/start writes into; empty: none is made

    def __post_init__(self) -> None:
        kind, colon, path = self.output.partition(":")
        if kind not in {"device", "jack", "null", "file"} or bool(colon and path) != (
            kind == "file"
        ):
            raise ConfigError(
                f"audio.output must be device, jack, null or file:PATH, got {self.output!r}"
            )
        if self.sample_rate != 0:
            within("audio.sample_rate", self.sample_rate, 1000, 768_000, "Hz (or 0: the bundle's)")
        within("audio.channels", self.channels, 1, 64)
        within("audio.block_frames", self.block_frames, 16, 8192, "frames")
        if self.latency not in {"low", "high"} and not 0.0001 <= _seconds(self.latency) <= 5:
            raise ConfigError(
                "audio.latency must be low, high, or 0.0001 to 5 seconds like '0.02', "
                f"got {self.latency!r}"
            )


TIME_TAGS = ("auto", "honour", "ignore")
"""What may be done with a client's time tags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlConfig:
    """Who may steer, and where it listens."""

    host: str = "127.0.0.1"  # address to listen on
    port: int = 57300  # for OSC, UDP and TCP; 0: any free one
    http_port: int = 0  # for OSCQuery, HTTP and WebSocket; 0: the one above port, -1: none
    allow: tuple[str, ...] = ()  # addresses or networks heard beyond loopback
    announce: tuple[str, ...] = ()  # HOST:PORT told of start and end, like "127.0.0.1:57120"
    bundles: str = ""  # folder that bundles may be loaded from; empty: that of the one served
    token: str = field(default="", repr=False)  # shown before what lasts is obeyed; empty: none
    origins: tuple[str, ...] = ()  # pages of others that may open a WebSocket
    time_tags: str = "auto"  # what time tags mean: auto, honour or ignore
    dirt: bool = False  # whether /dirt/play plays, as Tidal and Strudel send it to SuperDirt

    def __post_init__(self) -> None:
        if self.time_tags not in TIME_TAGS:
            raise ConfigError(
                f"control.time_tags must be one of {', '.join(TIME_TAGS)}, got {self.time_tags!r}"
            )
        within("control.port", self.port, 0, 65535)
        within("control.http_port", self.http_port, -1, 65535)
        if self.token and (len(self.token) < 8 or not self.token.isprintable()):
            raise ConfigError(  # without the value: it would stand in a log
                f"control.token must have 8 letters or more that can be printed, got {len(self.token)}"
            )
        for entry in self.allow:
            try:
                ip_network(entry, strict=False)
            except ValueError:
                raise ConfigError(
                    f"control.allow must be addresses or networks like '192.168.1.0/24', got {entry!r}"
                ) from None
        for entry in self.announce:
            read_place(entry)
        for origin in self.origins:
            if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin):
                raise ConfigError(
                    "control.origins must be like 'https://example.org' or 'http://10.0.0.5:8000', "
                    f"in lower case, without a path, got {origin!r}"
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class PerformanceConfig:
    """Who speaks, and how far ahead it is planned."""

    voices: int = 4  # voices there are
    autostart: int = 1  # voices that speak from the start
    lookahead_seconds: float = 1.0  # grains planned and queued ahead of what is heard
    margin_ms: float = 10.0  # how far ahead of now a change cuts the plan
    name: str = "idiolect"  # of the daemon, to tell several apart, and of its JACK client
    presets: str = ""  # folder of presets; empty: there are none
    state: str = ""  # file that the last state is kept in; empty: it is not
    speech_seconds: float = 1.0  # how old what voices said may get in it; a memory card: 60
    restore: bool = False  # whether to start from it

    def __post_init__(self) -> None:
        within("performance.voices", self.voices, 1, 16)
        within("performance.autostart", self.autostart, 0, self.voices)
        within("performance.lookahead_seconds", self.lookahead_seconds, 0.1, 10, "seconds")
        within("performance.margin_ms", self.margin_ms, 1, 1000 * self.lookahead_seconds / 2, "ms")
        within("performance.speech_seconds", self.speech_seconds, 0, 86_400, "seconds")
        if not self.name or "/" in self.name or not self.name.isprintable():
            raise ConfigError(f"performance.name must be a plain name, got {self.name!r}")
        if self.restore and not self.state:
            raise ConfigError(
                "performance.restore needs a file to start from: name one as performance.state"
            )
