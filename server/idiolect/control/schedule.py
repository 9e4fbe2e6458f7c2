"""OSC bundles that wait for their time, and what the time tags of each client mean.

A time tag says when something is to be heard, if the client's clock is this machine's and if that is
what it means by it.  Some clients stamp whatever they send with the time of sending, by a clock of
their own that drifts away; what they send is to act at once.  So by default a client is believed from
the first tag on that lies further ahead than such a clock explains.
"""

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from idiolect.config.playing import TIME_TAGS
from idiolect.control.clients import Peer
from idiolect.control.codec import IMMEDIATELY
from idiolect.errors import ControlError

__all__ = [
    "BESIDE",
    "FURTHEST_S",
    "MOST_WAITING",
    "MOST_WAITING_EACH",
    "Due",
    "Schedule",
    "TimeTags",
    "ntp_of",
    "seconds_of",
]

FURTHEST_S = 10.0
"""How far ahead a time tag may lie: one that lies further is another clock's."""

MOST_WAITING, MOST_WAITING_EACH = 1 << 24, 1 << 22
"""Bytes that OSC bundles which wait may take, of all clients and of one."""

BESIDE = 256
"""Bytes that keeping an OSC bundle takes beside its own."""

_SINCE_1900 = 2_208_988_800  # seconds, from NTP's beginning to Unix'
_EARLIEST = 946_684_800.0  # Unix seconds: the year 2000
_STAMP_S = 0.015  # a tag this little ahead of the last may be the time of sending
_DRIFT = 2e-4  # seconds a second that two clocks may part
_REMEMBERED = 1024  # clients, the latest


def seconds_of(time_tag: int) -> float:
    """Give the Unix seconds of a time tag, which counts 2**-32 s from 1900."""
    return time_tag / 2**32 - _SINCE_1900


def ntp_of(seconds: float) -> int:
    """Give the time tag of Unix seconds."""
    return round((seconds + _SINCE_1900) * 2**32)


class Due(NamedTuple):
    """An OSC bundle that is to act at a time.

    It is kept as it came: read, it takes up to forty times the memory.
    """

    seconds: float  # Unix
    packet: bytes
    peer: Peer

    @property
    def size(self) -> int:
        """Bytes of memory that it takes."""
        return len(self.packet) + BESIDE


class Schedule:
    """What waits: a line for each host, the earliest first; of one time, in the order it came."""

    def __init__(self) -> None:
        self._serials = count()
        self._lines: dict[str, list[tuple[float, int, Due]]] = {}  # heaps
        self._sizes: Counter[Peer] = Counter()
        self._size = self._count = 0  # of all together: adding up would cost a step for each line

    def __len__(self) -> int:
        return self._count

    def add(self, due: Due) -> None:
        """Let an OSC bundle wait.

        Raises
        ------
        ControlError
            When too much waits already.
        """
        held = self._sizes[due.peer] + due.size
        if held > MOST_WAITING_EACH or self._size + due.size > MOST_WAITING:
            raise ControlError(
                f"{self._count} OSC bundles wait for their time already: send them later, "
                "or drop them with /clear_sched"
            )
        self._sizes[due.peer] = held
        self._size += due.size
        self._count += 1
        line = self._lines.setdefault(due.peer.host, [])
        heapq.heappush(line, (due.seconds, next(self._serials), due))

    def comes_before(self, due: Due) -> bool:
        """Tell whether something of the same host waits that is to act before it, or with it."""
        line = self._lines.get(due.peer.host)
        return line is not None and line[0][0] <= due.seconds

    def take(self, until: float, wait: Callable[[str], float]) -> Due | None:
        """Take the next that is to act up to a time, Unix seconds; None when there is none.

        Parameters
        ----------
        until : float
        wait : callable
            Tells the seconds for which a host is to wait; where it must, what it sent does too.

        Notes
        -----
        A step for each host of which something waits.
        """
        firsts = [line[0] for line in self._lines.values()]
        ready = [one for one in firsts if one[0] <= until and not wait(one[2].peer.host)]
        return self._pop(min(ready)[2].peer.host) if ready else None

    def clear(self) -> int:
        """Forget everything; return how many OSC bundles that were."""
        forgotten, self._count, self._size = self._count, 0, 0
        self._lines, self._sizes = {}, Counter()
        return forgotten

    def _pop(self, host: str) -> Due:
        line = self._lines[host]
        due = heapq.heappop(line)[2]
        if not line:
            del self._lines[host]
        self._sizes[due.peer] -= due.size
        if not self._sizes[due.peer]:
            del self._sizes[due.peer]
        self._size -= due.size
        self._count -= 1
        return due


@dataclass(slots=True)
class _Habit:
    """What is known of a client's time tags."""

    policy: str
    plans: bool = False  # it has sent tags that lie ahead
    lead: float = 0.0  # seconds by which its tags lie ahead of now, the most of late
    read_at: float = 0.0  # monotonic seconds at which the last came
    warned: bool = False


class TimeTags:
    """Reads time tags.

    Parameters
    ----------
    policy : str
        Of `config.playing.TIME_TAGS`, for clients that have not asked for another.
    believe : callable
        Told, under ``auto``, of each client from whose tag on it is believed, and by how many
        seconds that lies ahead: that is its plan, or how far its clock is.

    Notes
    -----
    Control thread only.
    """

    def __init__(
        self, policy: str = "auto", believe: Callable[[Peer, float], None] = lambda peer, lead: None
    ) -> None:
        self._policy = policy
        self._believe = believe
        self._habits: OrderedDict[Peer, _Habit] = OrderedDict()

    def policy(self, peer: Peer) -> str:
        """Tell what is done with a client's tags."""
        return self._habit(peer).policy

    def choose(self, peer: Peer, policy: str) -> None:
        """Let a client's tags be read in another way.

        Raises
        ------
        ControlError
            When there is no such way.
        """
        if policy not in TIME_TAGS:
            raise ControlError(f"no policy {policy[:64]!r}: there is {', '.join(TIME_TAGS)}")
        self._habits[peer] = _Habit(policy)

    def read(self, time_tag: int, peer: Peer, *, wall: float, now: float) -> float | None:
        """Give the Unix seconds at which an OSC bundle is to act; None is at once.

        Parameters
        ----------
        time_tag, peer
            The bundle's, and who sent it.
        wall, now : float
            Unix seconds, and those of a clock that is never set.

        Raises
        ------
        ControlError
            When the tag is of no clock that could be this machine's, once for each client; from
            then on such a tag means at once.
        """
        habit = self._habit(peer)
        if time_tag == IMMEDIATELY or habit.policy == "ignore":
            return None
        seconds = seconds_of(time_tag)
        lead = seconds - wall
        if seconds < _EARLIEST or lead > FURTHEST_S:
            self._warn(habit, lead)
            return None
        if habit.policy == "auto" and not habit.plans:
            slack = _STAMP_S + _DRIFT * (now - habit.read_at if habit.read_at else 0.0)
            habit.plans = lead > habit.lead + slack
            habit.lead, habit.read_at = max(habit.lead - _DRIFT, lead), now
            if not habit.plans:
                return None
            self._believe(peer, lead)
        return seconds

    def _habit(self, peer: Peer) -> _Habit:
        habit = self._habits.setdefault(peer, _Habit(self._policy))
        self._habits.move_to_end(peer)
        if len(self._habits) > _REMEMBERED:
            self._habits.popitem(last=False)
        return habit

    def _warn(self, habit: _Habit, lead: float) -> None:
        if habit.warned:
            return
        habit.warned = True
        where = f"{lead:.1f} s ahead" if lead > 0 else f"{-lead:.0f} s ago"
        raise ControlError(
            f"a time tag {where}, where 0 to {FURTHEST_S:g} s ahead makes sense: such OSC bundles "
            "act at once; set the clocks of both machines by NTP, ask /clock, or send "
            "/time_tags ignore"
        )
