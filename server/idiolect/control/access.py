"""Who has shown the token, where there is one, and may do what lasts: end it, load, record, save.

It keeps colleagues in one network from each other's daemons by mistake, and guests out.  OSC is
not encrypted: whoever can read the wire can read the token.
"""

import hmac
from collections import OrderedDict

from idiolect.control.allowance import Allowance
from idiolect.control.clients import LEASE_S, Peer
from idiolect.errors import ControlError

__all__ = ["AUTH", "WRONG_PER_SECOND", "Access"]

AUTH = "/auth"
"""Where the token is shown: what is sent there is written down nowhere."""

WRONG_PER_SECOND = 5.0  # of one host; beyond that nothing is compared
_REMEMBERED = 256  # peers, the latest


class Access:
    """Knows who has shown the token.

    Parameters
    ----------
    token : str
        Empty: nobody needs one.

    Notes
    -----
    Control thread only.  A peer is a connection, or over UDP a host's port.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token.encode()
        self._shown: OrderedDict[Peer, float] = OrderedDict()  # when it ends, oldest first
        self._guesses = Allowance(WRONG_PER_SECOND)
        self.denied = 0  # wrong tokens, and what was asked for without one

    def show(self, peer: Peer, token: str, now: float) -> None:
        """Begin or renew a peer's lease.

        Raises
        ------
        ControlError
            When it is another token, or a host has been wrong too often.
        """
        if not self._token:
            return
        wait = self._guesses.wait(peer.host, now, 1.0)
        if wait > 0 or not hmac.compare_digest(token.encode(errors="replace"), self._token):
            self.denied += 1
            if wait > 0:
                raise ControlError("too many wrong tokens: wait a second, then send the right one")
            self._guesses.spend(peer.host, now, 1.0)
            raise ControlError("that is not the token: it is the one the daemon was started with")
        self._shown.pop(peer, None)
        self._shown[peer] = now + LEASE_S
        if len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)

    def check(self, peer: Peer, now: float) -> None:
        """See whether a peer's lease runs.

        Raises
        ------
        ControlError
            When it does not.
        """
        if self._token and self._shown.get(peer, 0.0) <= now:
            self.denied += 1
            raise ControlError(f"this needs the token: send {AUTH} with it first, then again")

    def forget(self, peer: Peer) -> None:
        """Note that a peer has gone."""
        self._shown.pop(peer, None)
