from hypothesis import given
from hypothesis import strategies as st

from idiolect.control.allowance import Allowance


def test_what_is_allowed_runs_out_and_comes_back_with_time() -> None:
    allowance = Allowance(50)
    assert [allowance.allows(1, 0.0) for _ in range(60)] == [True] * 50 + [False] * 10
    assert allowance.allows(2, 0.0)
    assert [allowance.allows(1, 0.1) for _ in range(6)] == [True] * 5 + [False]
    assert sum(allowance.allows(1, 1000.0) for _ in range(60)) == 50


def test_who_spent_too_much_waits_until_it_is_earned() -> None:
    allowance = Allowance(100)
    assert allowance.wait("a", 0.0) == 0
    allowance.spend("a", 0.0, 350)
    assert allowance.wait("a", 0.0) == 2.5
    assert allowance.wait("a", 2.0) == 0.5
    assert allowance.wait("a", 2.5) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 500)), max_size=50))
def test_nobody_spends_more_than_a_second_ahead(steps: list[tuple[float, float]]) -> None:
    """Who waits as long as asked spends what time brought, a second's worth, and the last spent."""
    allowance, now, spent, last = Allowance(100), 0.0, 0.0, 0.0
    for pause, cost in steps:
        now += pause + allowance.wait("a", now + pause)
        allowance.spend("a", now, cost)
        spent, last = spent + cost, cost
    assert spent <= 100 * (now + 1) + last + 1e-3


def test_many_senders_take_bounded_room() -> None:
    allowance = Allowance(1)
    for sender in range(5000):
        allowance.allows(sender, 0.0)
    assert len(allowance._accounts) <= 256
