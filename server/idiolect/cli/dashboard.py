"""What a running daemon tells, as a picture for the terminal."""

import math
import time
from collections import deque
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from idiolect.client import Reply

__all__ = ["SHOWN", "Dashboard"]

SHOWN = ("run", "scale", "temperature", "continuity", "memory", "repetition", "rate", "gain", "pan")
"""Parameters of a voice that are shown."""

_GRAINS, _LINES = 10, 4
_PADDING = (0, 1, 0, 0)
_LONGEST = 20  # characters of a source's name
_BAR, _SHORT = 20, 6  # characters
_SILENT = 3.0  # seconds without a word, where every second has one
_QUIETEST = -60.0  # dB, where a meter begins


class Dashboard:
    """Gathers what comes from a daemon and draws it."""

    def __init__(self) -> None:
        self.name = ""
        self.voices: dict[int, dict[str, float]] = {}
        self.meters: dict[str, float] = {}
        self.health: dict[str, float] = {}
        self.grains: deque[Reply] = deque(maxlen=_GRAINS)
        self.lines: deque[str] = deque(maxlen=_LINES)
        self.unnamed: set[int] = set()
        """Voices of whose scales the names are to be asked for."""
        self._scales: dict[int, Sequence[str]] = {}  # of each voice's bundle, finest first
        self._heard_at = time.monotonic()

    def take(self, reply: Reply) -> None:
        """Remember what a message says."""
        self._heard_at = time.monotonic()
        parts = reply.address.split("/")[1:]
        if reply.address == "/grain":
            self.grains.append(reply)
        elif reply.address == "/log":
            self.lines.append(": ".join(map(str, reply.arguments)))
        elif reply.address == "/shutdown":
            self.lines.append("the daemon has gone")
        elif reply.address == "/status.reply":
            self.name = str(reply.arguments[-1])
        elif parts[0] in ("meter", "health"):
            kept = self.meters if parts[0] == "meter" else self.health
            kept["/".join(parts[1:])] = float(reply.arguments[0])
        elif parts[0] == "voice" and len(parts) == 3 and parts[1].isdigit():
            self._take_value(int(parts[1]), parts[2], reply.arguments[0])

    def name_scales(self, voice: int, names: Sequence[str]) -> None:
        """Remember what the scales of a voice's bundle are called, the finest first."""
        self._scales[voice] = names
        self.unnamed.discard(voice)

    def _take_value(self, voice: int, name: str, value: float | str) -> None:
        if name == "bundle" or voice not in self.voices:
            self.unnamed.add(voice)
        values = self.voices.setdefault(voice, {})
        if not isinstance(value, str):
            values[name] = float(value)

    def draw(self) -> RenderableType:
        """Draw everything as it is now."""
        return Group(
            Panel(self._counters(), title=self.name or "idiolect", title_align="left"),
            self._outputs(),
            self._voices(),
            self._last_grains(),
            Text("\n".join(self.lines), style="yellow"),
        )

    def _counters(self) -> RenderableType:
        health, silent = self.health, time.monotonic() - self._heard_at
        if silent > _SILENT:
            return Text(f"nothing heard from the daemon for {silent:.0f} s", style="red")
        if not health:
            return Text("waiting for the daemon to tell how it is")
        told = [
            f"lookahead {health.get('lookahead_ms', 0):.0f} ms",
            f"cpu {health.get('cpu', 0):.1f} % (peak {health.get('cpu_peak', 0):.1f} %)",
            *(f"{name} {health.get(name, 0):.0f}" for name in ("late", "starved", "dropped")),
            f"memory {health.get('memory_mb', 0):.0f} MB",
            f"up {_clock(health.get('uptime_s', 0))}",
        ]
        trouble = any(health.get(name, 0) for name in ("late", "starved", "dropped", "nan"))
        return Text("   ".join(told), style="red" if trouble else "green")

    def _outputs(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for channel in _numbers(self.meters, "output"):
            table.add_row(f"out {channel}", *self._meter(f"output/{channel}"))
        return table

    def _voices(self) -> RenderableType:
        """Draw a column for each voice: so eight of them have room in a terminal of 80."""
        voices = sorted(self.voices)
        table = Table("voice", *map(str, voices), box=None, padding=_PADDING)
        levels = [self._meter(f"voice/{v}", _SHORT) for v in voices]
        table.add_row("level", *(bar for bar, _ in levels))
        table.add_row("dB", *(peak for _, peak in levels))
        for name in SHOWN:
            table.add_row(name, *(self._value(v, name) for v in voices))
        for name, kept, digits in (
            ("token", "token", 0),
            ("unit", "unit", 0),
            ("bits", "entropy", 1),
        ):
            heard = [self.meters.get(f"voice/{v}/{kept}") for v in voices]
            table.add_row(name, *("" if x is None else f"{x:.{digits}f}" for x in heard))
        return table

    def _last_grains(self) -> RenderableType:
        table = Table(box=None, padding=_PADDING)
        for title in ("heard", "voice", "unit", "token", "scale", "source", "at", "for", ""):
            table.add_column(title, no_wrap=True)
        now = time.time()
        for grain in reversed(self.grains):
            voice, unit, token, scale, source, start, seconds, *rest = grain.arguments
            when = "" if grain.time is None else f"{grain.time - now:+.2f} s"
            going_on = "goes on" if rest and rest[-1] else ""
            table.add_row(
                when, str(voice), str(unit), str(token), str(scale), Text(_end_of(str(source))),
                f"{float(start):.2f} s", f"{float(seconds):.3f} s", going_on,
            )  # fmt: skip
        return table

    def _meter(self, where: str, width: int = _BAR) -> tuple[str, str]:
        peak = _decibel(self.meters.get(f"{where}/peak", 0.0))
        mean = _decibel(self.meters.get(f"{where}/rms", 0.0))
        full, part = (
            round(width * (1 - max(level, _QUIETEST) / _QUIETEST)) for level in (mean, peak)
        )
        full, part = min(full, width), min(part, width)
        bar = "#" * full + "-" * max(0, part - full)
        return bar.ljust(width), f"{peak:.1f}" if peak > _QUIETEST else ""

    def _value(self, voice: int, name: str) -> str:
        value, scales = self.voices[voice].get(name), self._scales.get(voice, ())
        if value is None:
            return ""
        if name == "scale" and voice not in self.unnamed and 0 <= value < len(scales):
            return scales[int(value)]
        return f"{value:.4g}"


def _end_of(name: str) -> str:
    """Shorten a name to its end, in which files of one folder differ."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _decibel(level: float) -> float:
    return 20 * math.log10(level) if level > 0 else -math.inf


def _numbers(meters: dict[str, float], kind: str) -> list[int]:
    found = {key.split("/")[1] for key in meters if key.startswith(f"{kind}/")}
    return sorted(int(number) for number in found if number.isdigit())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
