"""A way out that dies, and what plays meanwhile."""

import time
from collections.abc import Callable

import pytest

from idiolect.audio.null import NullOutput
from idiolect.audio.output import Output
from idiolect.audio.watch import Watch
from idiolect.engine.engine import Engine
from idiolect.engine.seat import Seat
from idiolect.errors import AudioError, RestartNeeded

BLOCK = 64


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


class Device(NullOutput):
    """A way out that dies when a test says so."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(Seat(engine, BLOCK))
        self.name = "device of a test"
        self.dead = False

    @property
    def alive(self) -> bool:
        return super().alive and not self.dead

    def stop(self) -> None:
        self.seat.run(False)
        super().stop()


class Theatre:
    """A watch with everything it is given, and what it did."""

    def __init__(self, engine: Engine, *, may_be_gone: bool = False) -> None:
        self.engine = engine
        self.refusals: list[Exception] = []
        self.opened: list[Device] = []
        self.told: list[tuple[str, str]] = []
        self.faded: list[tuple[bool, bool]] = []  # to silence, and whether the null output played
        if may_be_gone:
            self.refusals.append(AudioError("not there"))
        self.watch = Watch(
            self.open, engine, BLOCK, fade=self.fade, may_be_gone=may_be_gone,
            on_output=lambda: self.told.append(self.watch.state),
        )  # fmt: skip

    def open(self) -> Output:
        if self.refusals:
            raise self.refusals.pop(0)
        self.opened.append(Device(self.engine))
        return self.opened[-1]

    def fade(self, silent: bool) -> None:
        self.faded.append((silent, self.watch.output.name == "null"))

    def look_until(self, true: Callable[[], bool]) -> None:
        wait_until(lambda: self.watch.look() or true())


@pytest.fixture
def theatre(planned: Callable[[], Engine]) -> Theatre:
    theatre = Theatre(planned())
    theatre.watch.start()
    wait_until(lambda: theatre.engine.frame > 0)
    return theatre


def goes_on(engine: Engine) -> None:
    stood = engine.frame
    wait_until(lambda: engine.frame > stood)


def test_the_clock_goes_on_when_the_way_out_dies(theatre: Theatre) -> None:
    theatre.refusals = [AudioError("unplugged")]
    theatre.opened[0].dead = True
    theatre.watch.look()
    assert theatre.watch.output.name == "null"
    goes_on(theatre.engine)
    assert theatre.told == [("device of a test", "lost")]
    theatre.watch.stop()


def test_it_comes_back_between_two_fades(theatre: Theatre) -> None:
    theatre.refusals = [AudioError("unplugged"), AudioError("unplugged"), AudioError("busy")]
    theatre.opened[0].dead = True
    theatre.look_until(lambda: len(theatre.opened) == 2)
    assert theatre.watch.output is theatre.opened[1]
    assert theatre.faded == [(True, True), (False, False)]
    assert theatre.told[-1] == ("device of a test", "here")
    assert not theatre.opened[0].seat.columns[5]  # the dead one renders no more
    goes_on(theatre.engine)
    theatre.watch.stop()


def test_it_is_lost_and_found_again_and_again(theatre: Theatre) -> None:
    for number in range(1, 4):
        theatre.opened[-1].dead = True
        theatre.look_until(lambda wanted=number + 1: len(theatre.opened) == wanted)
    assert [state for _, state in theatre.told] == 3 * ["lost", "here"]
    theatre.watch.stop()


def test_it_goes_over_to_another_way_out_between_two_fades(theatre: Theatre) -> None:
    """The old one is closed first, since both may be one card, and the clock never stands."""
    first, other = theatre.opened[0], Device(theatre.engine)
    other.name = "the other"
    closed_before: list[bool] = []

    def open_other() -> Output:
        closed_before.append(not first.alive)
        goes_on(theatre.engine)
        return other

    moved = theatre.watch.ask(lambda: theatre.watch.move(open_other))
    theatre.watch.look()
    assert moved.result(0) == "the other"
    assert theatre.watch.output is other
    assert closed_before == [True]
    assert theatre.faded == [(True, False), (True, True), (False, False)]
    assert theatre.told == [("the other", "here")]
    goes_on(theatre.engine)
    theatre.watch.stop()


def test_where_the_other_cannot_be_opened_the_first_is_again(theatre: Theatre) -> None:
    def refuse() -> Output:
        raise AudioError("busy")

    moved = theatre.watch.ask(lambda: theatre.watch.move(refuse))
    theatre.watch.look()
    with pytest.raises(AudioError, match="busy"):
        moved.result(0)
    theatre.look_until(lambda: len(theatre.opened) == 2)
    assert theatre.watch.output is theatre.opened[1]
    assert theatre.faded[-1] == (False, False)
    assert theatre.told[-1] == ("device of a test", "here")
    theatre.watch.stop()


def test_when_only_a_new_process_can_open_it_that_is_said_once(theatre: Theatre) -> None:
    theatre.refusals = [RestartNeeded("at another rate")]
    theatre.opened[0].dead = True
    theatre.look_until(lambda: theatre.watch.restart_needed)
    theatre.watch.look()
    assert [state for _, state in theatre.told] == ["lost", "restarting"]
    goes_on(theatre.engine)
    theatre.watch.stop()


def test_a_way_out_that_is_not_there_yet_is_waited_for(planned: Callable[[], Engine]) -> None:
    theatre = Theatre(planned(), may_be_gone=True)
    theatre.watch.start()
    goes_on(theatre.engine)
    assert not theatre.opened
    theatre.look_until(lambda: bool(theatre.opened))
    assert theatre.watch.output is theatre.opened[0]
    theatre.watch.stop()


def test_one_that_must_be_there_is_asked_for_once(planned: Callable[[], Engine]) -> None:
    def refuse() -> Output:
        raise AudioError("not there")

    with pytest.raises(AudioError, match="not there"):
        Watch(refuse, planned(), BLOCK, fade=lambda _: None)
