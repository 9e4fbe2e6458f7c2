"""Whether the instrument plays, for whoever restarts it when it does not."""

from idiolect.control.desk import Desk
from idiolect.control.door import Player
from idiolect.control.health import resident_mb
from idiolect.control.system import STATUS_FIELDS, StatusField

__all__ = ["LOOK_EVERY_S", "METRICS", "Health", "metrics"]

LOOK_EVERY_S = 1.0
_STILL_S = 3.0  # without a block it no longer plays
_STARVED_S = 10.0  # how long a voice that had nothing to play counts

METRICS = (
    *STATUS_FIELDS,
    StatusField(
        "i",
        "limited",
        "times a machine asked for too much",
        lambda _, d: d.counters.limited,
        counts=True,
    ),
    StatusField(
        "i",
        "denied",
        "wrong tokens, and commands that lacked one",
        lambda _, d: d.access.denied,
        counts=True,
    ),
    StatusField(
        "i", "connections", "connections accepted", lambda _, d: d.counters.connections, counts=True
    ),
    StatusField(
        "i",
        "turned_away",
        "connections beyond the bound",
        lambda _, d: d.counters.turned_away,
        counts=True,
    ),
    StatusField(
        "i",
        "unread",
        "connections whose other end did not read",
        lambda _, d: d.counters.unread,
        counts=True,
    ),
    StatusField(
        "i",
        "late_tags",
        "OSC bundles that came after their time",
        lambda _, d: d.counters.late_tags,
        counts=True,
    ),
    StatusField(
        "i",
        "absurd_tags",
        "clients whose time tags are of another clock",
        lambda _, d: d.counters.absurd_tags,
        counts=True,
    ),
    StatusField(
        "i", "scheduled", "OSC bundles that wait for their time", lambda _, d: len(d.schedule)
    ),
    StatusField("f", "memory_mb", "of the process, in RAM", lambda *_: resident_mb()),
)
"""What ``/status`` tells, and what it has no room for."""


class Health:
    """Looks from time to time at whether blocks advance and the planner keeps up.

    Parameters
    ----------
    player : Player
        Looked at.
    """

    def __init__(self, player: Player) -> None:
        self._player = player
        self._blocks = self._starved = 0
        self._moved = self._starved_at = float("-inf")

    def look(self, now: float) -> None:
        """Look; at least every `LOOK_EVERY_S`."""
        status = self._player.status()
        if status.blocks != self._blocks:
            self._blocks, self._moved = status.blocks, now
        if status.starved != self._starved:
            self._starved, self._starved_at = status.starved, now

    def report(self, now: float) -> dict[str, bool]:
        """Look, and say what is well; all is when every value is true."""
        self.look(now)
        status = self._player.status()
        return {
            "blocks_advance": now - self._moved < _STILL_S,
            "planner_keeps_up": now - self._starved_at >= _STARVED_S
            and (not status.running or status.lookahead_ms > 0.0),
        }


def metrics(desk: Desk) -> str:
    """Return every number in Prometheus's text format, version 0.0.4."""
    status = desk.player.status()
    lines = []
    for field in METRICS:
        value = field.read(status, desk)
        if isinstance(value, str):
            continue
        name = f"idiolect_{field.name}" + ("_total" if field.counts else "")
        kind = "counter" if field.counts else "gauge"
        lines += [f"# HELP {name} {field.doc}", f"# TYPE {name} {kind}", f"{name} {value}"]
    return "\n".join(lines) + "\n"
