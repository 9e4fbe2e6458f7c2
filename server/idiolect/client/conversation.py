"""What is said to one daemon and heard from it, whoever carries the packets.

`Client` and `AsyncClient` put a socket and a way to wait around it, and nothing else.
"""

import contextlib
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from idiolect.client.messages import IMMEDIATELY, Reply, decode, encode, encode_bundle, time_tag
from idiolect.client.told import group_of

__all__ = ["DEFAULT_PORT", "Conversation", "Inbox", "Question", "RefusedError", "Subscription"]

DEFAULT_PORT = 57300
DEFAULT_RATE = 30.0  # meters a second

_MOST_UNREAD = 10_000  # messages; of more, the oldest are lost
_RENEWAL = 5.0  # seconds; so soon it is told again after a daemon that ended in silence is back
_WILD = frozenset("*?[]{}")  # in patterns alone
_RETRY = 1.0  # seconds, while it does not answer

T = TypeVar("T")


class RefusedError(Exception):
    """The daemon answered ``/fail``; the text is its reason."""


class Inbox(Generic[T]):
    """What has come for one who waits, and has not been taken yet."""

    def __init__(self) -> None:
        self.items: deque[T] = deque(maxlen=_MOST_UNREAD)
        self.error: Exception | None = None  # why nothing more may come

    def take(self) -> T | None:
        """Take the oldest, None when there is nothing.

        Raises
        ------
        RefusedError, ConnectionRefusedError
            When that is why.
        """
        if self.items:
            return self.items.popleft()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return None


class Question(Inbox[Reply]):
    """Waits for the answer to one message.

    Parameters
    ----------
    address : str
        Of the message.
    number : int, optional
        Comes last in the answer.
    fence : int, optional
        What ``/clock`` was sent behind the message, and comes back behind its answer.  The value of
        a parameter is told under its address whoever asks and whoever turns it, and so is what a
        setting became, or why it was refused: of all that the last before the fence is the answer.
    """

    def __init__(self, address: str, number: int | None = None, fence: int | None = None) -> None:
        super().__init__()
        self._address = address
        self._number = number
        self._fence = fence
        self._latest: Reply | None = None
        self._is_open = True

    def take_from(self, reply: Reply) -> Reply | None:
        """Take what the daemon says, if that is the answer; return what is left to others."""
        if not self._is_open:
            return reply
        if self._fence is not None and reply.address == "/clock.reply":
            if reply.arguments[-1] != self._fence:
                return reply
            self._fence = None
            if self._latest is not None:
                self._close(self._latest)
            return None
        if not reply.is_about(self._address):
            return reply
        if self._number is not None and reply.arguments[-1] != self._number:
            return reply
        if self._fence is None:
            self._close(reply)
            return None
        earlier, self._latest = self._latest, reply
        return earlier

    def _close(self, reply: Reply) -> None:
        if reply.address == "/fail":
            self.error = RefusedError(str(reply.arguments[1]))
        else:
            self.items.append(reply)
        self._is_open = False


class Subscription(Inbox[T]):
    """Waits for what the daemon tells of one group; without `read` it is left among the unread."""

    def __init__(
        self, group: str, read: Callable[[Sequence[Reply]], Iterable[T]] | None, rate: float
    ) -> None:
        super().__init__()
        self.group = group
        self.rate = rate
        self.read = read


class _Bundle:
    """An OSC bundle that is being written."""

    def __init__(self, conversation: "Conversation") -> None:
        self.conversation = conversation
        self.messages: list[bytes] = []


_open_bundles: ContextVar[tuple[_Bundle, ...]] = ContextVar("open_bundles", default=())
"""Those of the running task, the innermost last; another task's messages do not go into them."""


class Conversation:
    """Writes messages, and sorts what comes among those who wait for it.

    Parameters
    ----------
    transmit : callable
        Sends a packet.
    place : str
        Where the daemon is, for people.
    """

    def __init__(self, transmit: Callable[[bytes], None], place: str) -> None:
        self.unread: Inbox[Reply] = Inbox()
        self._transmit = transmit
        self._place = place
        self._questions: list[Question] = []
        self._subscriptions: list[Subscription[Any]] = []
        self._has_lease = self._renews = self._was_heard = False
        self._due = 0.0  # when the lease is to be renewed, of the clock that is never set back
        self._requests = 0

    def send(self, address: str, *arguments: object) -> None:
        """Send a message, or put it into the bundle that is being written."""
        message = encode(address, *arguments)
        if address == "/notify":
            self._has_lease = bool(arguments and arguments[0])
        for bundle in reversed(_open_bundles.get()):
            if bundle.conversation is self:
                bundle.messages.append(message)
                return
        self._transmit(message)

    @contextlib.contextmanager
    def at(self, when: float | None) -> Iterator[None]:
        """Send what is sent meanwhile in one OSC bundle, unless an error ends it."""
        tag = time_tag(when)
        bundle = _Bundle(self)
        before = _open_bundles.set((*_open_bundles.get(), bundle))
        try:
            yield
        finally:
            _open_bundles.reset(before)
        if bundle.messages:
            self._transmit(encode_bundle(bundle.messages, tag))

    @contextlib.contextmanager
    def ask(self, address: str, *arguments: object, numbered: bool = False) -> Iterator[Question]:
        """Send a message whose answer is waited for."""
        if not _WILD.isdisjoint(address):
            raise ValueError(
                f"{address} is a pattern, and each address it means answers for itself: ask one "
                "(/pan and its like tell of all voices)"
            )
        if any(bundle.conversation is self for bundle in _open_bundles.get()):
            raise RuntimeError(
                f"{address} is asked where an OSC bundle is written, and it is sent at the end: "
                "ask before or after"
            )
        number = self.next_number() if numbered else None
        is_read = not arguments and not numbered and address != "/clock"
        fence = self.next_number() if is_read else None
        question = Question(address, number, fence)
        self._questions.append(question)
        try:
            if fence is None:
                self.send(address, *arguments, *(() if number is None else ("id", number)))
            else:
                self._transmit(
                    encode_bundle([encode(address), encode("/clock", fence)], IMMEDIATELY)
                )
            yield question
        finally:
            self._questions.remove(question)

    def next_number(self) -> int:
        """Return a number for a request that no other has."""
        self._requests = self._requests % (2**31 - 1) + 1
        return self._requests

    def subscribe(
        self,
        group: str,
        read: Callable[[Sequence[Reply]], Iterable[T]] | None = None,
        rate: float = DEFAULT_RATE,
    ) -> Subscription[T]:
        """Ask to be told of a group, or ``all``, for as long as somebody waits for it."""
        subscription = Subscription(group, read, rate)
        self._subscriptions.append(subscription)
        self._renews = True
        self.renew(at_once=True)
        return subscription

    def unsubscribe(self, subscription: Subscription[T]) -> None:
        """Ask no longer, if it has not ended already."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self.renew(at_once=True)

    def unsubscribe_without(self, taker: object, subscription: Subscription[T]) -> None:
        """Ask no longer when nobody has `taker` any more, who may not have begun to take."""
        weakref.finalize(taker, self.unsubscribe, subscription).atexit = False

    @contextlib.contextmanager
    def told(self, groups: Sequence[str], rate: float) -> Iterator[None]:
        """Ask to be told of groups meanwhile, and leave it among the unread."""
        subscriptions: list[Subscription[Reply]] = [
            self.subscribe(group, rate=rate) for group in groups
        ]
        try:
            yield
        finally:
            for subscription in subscriptions:
                self.unsubscribe(subscription)

    def renew(self, *, at_once: bool = False) -> float:
        """Ask again for what is told, when it is time; return in how many seconds it is next."""
        now = time.monotonic()
        if not (self._subscriptions or at_once):
            return _RENEWAL
        if at_once or now >= self._due:
            self._due = now + _RETRY  # until it is answered
            groups = sorted({subscription.group for subscription in self._subscriptions})
            rate = max((s.rate for s in self._subscriptions), default=DEFAULT_RATE)
            self._has_lease = bool(groups)
            with contextlib.suppress(ConnectionRefusedError):  # told of an earlier one
                self._transmit(encode("/notify", 1, 0, rate, *groups) if groups else _NO_MORE)
        return max(self._due - now, 0.0)

    def take(self, packet: bytes) -> None:
        """Give what a packet says to those who wait for it."""
        replies = decode(packet)
        self._was_heard, self.unread.error = True, None
        for reply in replies:
            self._note(reply)
        told = [left for reply in replies if (left := self._answer(reply)) is not None]
        awaited = set()
        for subscription in self._subscriptions:
            if subscription.read is not None:
                awaited.add(subscription.group)
                mine = [reply for reply in told if group_of(reply.address) == subscription.group]
                subscription.items.extend(subscription.read(mine))
        self.unread.items.extend(r for r in told if group_of(r.address) not in awaited)

    def refuse(self) -> None:
        """Note that nobody listens there.

        Who waits for an answer gives up; a subscription does only where nobody ever did, for else
        the daemon will be back.
        """
        gives_up: list[Inbox[Any]] = [*self._questions, self.unread]
        if not self._was_heard:
            gives_up += self._subscriptions
        for inbox in gives_up:
            inbox.error = self.nobody()
        self._due = time.monotonic() + _RETRY

    def nobody(self) -> ConnectionRefusedError:
        """Say that nobody listens, and what to do."""
        return ConnectionRefusedError(
            f"no daemon listens on {self._place}: start one with `idiolect serve NAME.idiolect`, "
            "or name its host and port"
        )

    def end(self) -> None:
        """Let the lease go, if there is one."""
        self._subscriptions.clear()
        if self._has_lease:
            self._has_lease = False
            with contextlib.suppress(OSError):
                self._transmit(_NO_MORE)

    def _note(self, reply: Reply) -> None:
        """See what a message says about the lease."""
        if reply.address == "/startup":
            self._due = 0.0
        elif reply.address == "/shutdown":
            self._due = time.monotonic() + _RETRY
        elif reply.is_about("/notify"):
            self._due = time.monotonic() + _RENEWAL
            if reply.address == "/fail":
                for subscription in self._subscriptions:
                    inbox: Inbox[Any] = self.unread if subscription.read is None else subscription
                    inbox.error = RefusedError(str(reply.arguments[1]))

    def _answer(self, reply: Reply) -> Reply | None:
        """Give an answer to the first who waits for it; return what is left to be told."""
        left: Reply | None = reply
        for question in self._questions:
            left = question.take_from(reply)
            if left is not reply:
                return left
        return None if self._renews and reply.is_about("/notify") else left


_NO_MORE = encode("/notify", 0)
