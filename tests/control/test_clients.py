from dataclasses import dataclass

import pytest

from idiolect.control.backlog import MAX_WAITING, Backlog
from idiolect.control.clients import LEASE_S, MAX_CLIENTS, Clients
from idiolect.errors import ControlError


@dataclass(frozen=True)
class Nobody:
    port: int
    host: str = "127.0.0.1"

    def send(self, packet: bytes) -> None:
        raise AssertionError

    def at(self, port: int) -> "Nobody":
        return Nobody(port)


def test_a_lease_ends_unless_it_is_renewed() -> None:
    clients = Clients()
    assert clients.add(Nobody(1), 0.0) == 0
    assert clients.add(Nobody(2), 10.0) == 1
    assert clients.add(Nobody(1), 20.0) == 0
    assert clients.listening(LEASE_S + 10.0) == [Nobody(1)]
    assert clients.listening(LEASE_S + 20.0) == []


def test_an_ended_lease_makes_room() -> None:
    clients = Clients()
    for port in range(MAX_CLIENTS):
        clients.add(Nobody(port), 0.0)
    with pytest.raises(ControlError, match="32"):
        clients.add(Nobody(99), LEASE_S - 1)
    assert clients.add(Nobody(99), LEASE_S) == 0


def test_who_names_one_of_several_groups_is_told_once() -> None:
    clients = Clients()
    for port, groups in ((1, ("state",)), (2, ("grain", "health")), (3, ("state", "health"))):
        clients.add(Nobody(port), 0.0, groups)
    assert clients.listening(1.0, "state", "health") == [Nobody(1), Nobody(2), Nobody(3)]
    assert clients.listening(1.0, "state") == [Nobody(1), Nobody(3)]
    assert clients.remove(Nobody(1)) == 0
    assert clients.remove(Nobody(1)) == -1
    assert clients.add(Nobody(4), 2.0) == 0
    assert clients.listening(2.0) == [Nobody(4), Nobody(2), Nobody(3)]


def test_a_sync_waits_for_what_came_before_it_only() -> None:
    backlog, answered = Backlog(), []
    one = backlog.open(Nobody(1), "/a")
    other = backlog.open(Nobody(2), "/a")
    backlog.after(Nobody(1), lambda: answered.append("first"))
    two = backlog.open(Nobody(1), "/b")
    backlog.after(Nobody(1), lambda: answered.append("second"))
    backlog.close(Nobody(1), two)
    assert answered == []
    backlog.close(Nobody(1), one)
    assert answered == ["first", "second"]
    backlog.close(Nobody(1), one)
    backlog.close(Nobody(2), other)
    assert backlog.unanswered() == []
    backlog.after(Nobody(1), lambda: answered.append("at once"))
    assert answered[-1] == "at once"


def test_what_waits_is_bounded_and_room_comes_back() -> None:
    backlog = Backlog()
    tickets = [backlog.open(Nobody(1), "/a") for _ in range(MAX_WAITING)]
    for refused in (
        lambda: backlog.open(Nobody(2), "/a"),
        lambda: backlog.after(Nobody(1), lambda: None),
    ):
        with pytest.raises(ControlError, match=str(MAX_WAITING)):
            refused()
    for ticket in tickets:
        backlog.close(Nobody(1), ticket)
    backlog.open(Nobody(2), "/a")
