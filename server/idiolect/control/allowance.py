"""How much each sender may ask for in a second."""

from collections import OrderedDict

__all__ = ["Allowance"]

_REMEMBERED = 256  # senders whose account is kept


class Allowance:
    """A token bucket for each sender: a second's worth at once, then as much a second.

    Parameters
    ----------
    per_second : float
        What a sender may spend in a second.
    """

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._accounts: OrderedDict[object, tuple[float, float]] = OrderedDict()  # left, when

    def allows(self, sender: object, now: float) -> bool:
        """Spend 1, or return False when there is less than that."""
        if self.wait(sender, now, 1.0) > 0.0:
            return False
        self.spend(sender, now, 1.0)
        return True

    def wait(self, sender: object, now: float, cost: float = 0.0) -> float:
        """Return how many seconds it takes until `cost` is there; 0 when it is."""
        return max(0.0, cost - self._left(sender, now)) / self._rate

    def spend(self, sender: object, now: float, cost: float) -> None:
        """Take `cost`, even beyond what is there: what it was is known afterwards alone."""
        self._accounts[sender] = (self._left(sender, now) - cost, now)
        self._accounts.move_to_end(sender)
        if len(self._accounts) > _REMEMBERED:
            self._accounts.popitem(last=False)

    def _left(self, sender: object, now: float) -> float:
        left, since = self._accounts.get(sender, (self._rate, now))
        return min(self._rate, left + (now - since) * self._rate)
