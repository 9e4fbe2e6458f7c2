"""What the daemon tells systemd, or who else started it: it sounds, it goes on, it goes away.

The protocol is a datagram of lines ``NAME=value`` to the socket that NOTIFY_SOCKET names, as
sd_notify(3) describes it; a watchdog is fed as sd_watchdog_enabled(3) asks for it.  It is spoken by
hand since there is little to it, and since of the packages that speak it the pure ones have stood
still for years and the others need systemd's own C library.
"""

import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping

__all__ = ["Supervisor", "Watchdog"]

logger = logging.getLogger(__name__)

_SECONDS = 1.0  # at most, for a supervisor whose socket is full
_LONGEST_USEC = 300_000_000  # between two news of a start, or of a process that takes its own place


class Supervisor:
    """Who started the daemon and waits to hear of it; nobody where no socket is named.

    Parameters
    ----------
    environment
        The process' own: NOTIFY_SOCKET (a path, or a name in Linux's abstract space after an @),
        WATCHDOG_USEC, WATCHDOG_PID.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._name = environment.get("NOTIFY_SOCKET", "")
        own = str(os.getpid())
        meant = environment.get("WATCHDOG_PID", own) == own
        self.patience_usec = int(environment.get("WATCHDOG_USEC", "0")) if meant else 0
        self._news = ""
        self._deaf = False

    def starting(self, news: str) -> None:
        """Tell what takes long before there is sound; what is new buys more time for it."""
        self.status(news, EXTEND_TIMEOUT_USEC=_LONGEST_USEC)

    def status(self, news: str, **lines: int) -> None:
        """Tell how it is, with other lines, if that is new."""
        if news != self._news:
            self._news = news
            self.tell(STATUS=news, **lines)

    def ready(self, status: str) -> None:
        """Tell that it sounds, in the process that tells it."""
        self._news = status
        self.tell(READY=1, STATUS=status, MAINPID=os.getpid(), **self._patience(self.patience_usec))

    def reloading(self) -> None:
        """Tell that the process is about to take its own place, and feeds nobody meanwhile."""
        now = time.monotonic_ns() // 1000
        told = "taking its own place"
        self.tell(RELOADING=1, MONOTONIC_USEC=now, STATUS=told, **self._patience(_LONGEST_USEC))

    def stopping(self) -> None:
        """Tell that the end was asked for."""
        self.tell(STOPPING=1, STATUS="fading out")

    def tell(self, **lines: str | int) -> None:
        """Send variables of sd_notify(3), in one datagram; one that cannot be sent is let go."""
        if not self._name or sys.platform == "win32":  # where there is no systemd either
            return
        text = "\n".join(f"{name}={value}" for name, value in lines.items())
        address = f"\0{self._name[1:]}" if self._name.startswith("@") else self._name
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.settimeout(_SECONDS)
                wire.sendto(text.encode(), address)
        except OSError as error:
            if not self._deaf:
                logger.warning("NOTIFY_SOCKET %s does not listen: %s", self._name, error)
            self._deaf = True
        else:
            self._deaf = False

    def _patience(self, usec: int) -> dict[str, int]:
        return {"WATCHDOG_USEC": usec} if self.patience_usec else {}


class Watchdog:
    """Feeds the supervisor's watchdog at half its patience, while all that must move does.

    Parameters
    ----------
    supervisor : Supervisor
    progress : callable
        Says how far each thing has come; each goes on and on while it is well.

    Notes
    -----
    One thread's.
    """

    def __init__(self, supervisor: Supervisor, progress: Callable[[], Mapping[str, int]]) -> None:
        self._supervisor = supervisor
        self._progress = progress
        self._seen = progress()
        self._fed = float("-inf")  # of `time.monotonic`
        self._hungry = False

    def look(self) -> None:
        """Feed it if it is time and everything has moved since it was fed; call it often."""
        patience, now = self._supervisor.patience_usec / 1e6, time.monotonic()
        if not patience or now - self._fed < patience / 2:
            return
        come = self._progress()
        still = [name for name, far in come.items() if far == self._seen[name]]
        if not still:
            self._seen, self._fed = come, now
            self._supervisor.tell(WATCHDOG=1)
        elif not self._hungry:
            logger.warning("no %s for %.1f s: the watchdog is not fed", still[0], patience / 2)
        self._hungry = bool(still)
