from dataclasses import replace
from typing import Any

import pytest

from idiolect.control.desk import Desk
from idiolect.control.metrics import Health, metrics
from recording import RecordingPlayer, Status


class Patient(RecordingPlayer):
    """One whose state is told by the test."""

    now = Status(4, running=1)

    def status(self) -> Status:
        return self.now


def test_it_is_well_while_blocks_advance() -> None:
    player = Patient()
    health = Health(player)
    for second in range(10):
        player.now = replace(player.now, blocks=second + 1)
        assert all(health.report(float(second)).values())


def test_it_is_not_well_when_blocks_stand_still() -> None:
    health = Health(Patient())
    assert health.report(0.0)["blocks_advance"]
    assert health.report(2.9)["blocks_advance"]
    assert not health.report(3.0)["blocks_advance"]


@pytest.mark.parametrize(
    ("change", "is_well"),
    [
        ({"lookahead_ms": 0.0}, False),
        ({"lookahead_ms": 0.0, "running": 0}, True),
        ({"starved": 1}, False),
    ],
    ids=["nothing ahead", "nothing to say", "starved"],
)
def test_the_planner_keeps_up_while_it_is_ahead(change: dict[str, Any], is_well: bool) -> None:
    player = Patient()
    health = Health(player)
    player.now = replace(player.now, **change)
    assert health.report(0.0)["planner_keeps_up"] == is_well


def test_a_voice_that_had_nothing_to_play_is_forgiven_in_time() -> None:
    player = Patient()
    player.now = replace(player.now, starved=1)
    health = Health(player)
    assert not health.report(0.0)["planner_keeps_up"]
    assert not health.report(9.9)["planner_keeps_up"]
    assert health.report(10.0)["planner_keeps_up"]


def test_metrics_are_prometheus_text_with_every_number() -> None:
    desk = Desk(RecordingPlayer(), name="test", defer=lambda _: None, quit=lambda: None)
    desk.counters.packets, desk.counters.unread = 7, 2
    lines = metrics(desk).splitlines()
    assert "idiolect_packets_total 7" in lines
    assert "idiolect_unread_total 2" in lines
    assert "idiolect_blocks_total 2147483653" in lines  # unwrapped, as OSC cannot have it
    assert "idiolect_lookahead_ms 1000.0" in lines
    assert "# TYPE idiolect_lookahead_ms gauge" in lines
    assert "# TYPE idiolect_blocks_total counter" in lines
    values = [line for line in lines if not line.startswith("#")]
    assert len(lines) == 3 * len(values)
    assert len({line.split()[0] for line in values}) == len(values)
    assert all(float(line.split()[1]) >= 0 for line in values)
