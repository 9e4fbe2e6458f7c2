"""Every address of a daemon that plays: called as it should be, and in each way it should not."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from idiolect.config.config import load
from idiolect.control.codec import encode, parse
from idiolect.control.commands import VOICE_COMMANDS
from idiolect.control.namespace import Leaf, Namespace, Norm
from idiolect.control.questions import QUESTIONS
from idiolect.control.system import SYSTEM_COMMANDS
from idiolect.daemon.app import App
from idiolect.parameters.parameter import Parameter
from recording import Wire
from refusals import has_cure
from synthetic import DESCRIPTORS, make_bundle

VOICES = 2
TRIGGER: tuple[tuple[object, ...], ...] = ((1, 2), ("wrong",), (math.nan,))
WRONG = "wrong"


@dataclass(frozen=True)
class Call:
    """How a command is called."""

    right: tuple[object, ...]
    wrong: tuple[tuple[object, ...], ...]  # each refused, whatever the daemon is doing
    answer: str = "/done"


def named(*more: object) -> Call:
    return Call(("first", *more), ((), ("first", *more, 1, 1, 1), (7,), (math.nan,)))


def preset(*more: object) -> Call:
    return Call(
        ("kept", *more), ((), ("kept", *more, 1), (7,), (math.nan,), ("../kept",), ("folder",))
    )


def stretch(*more: tuple[object, ...]) -> Call:
    wrong = ((), ("a", 0, 1, 2), (7,), ("a", WRONG), ("a", math.nan), ("a", -1.0), ("a", 0, 0.0))
    return Call(("source_0.wav",), (*wrong, *more))


CALLS: dict[str, Call] = {
    "seed/tokens": Call((0, 1), ((), (WRONG,), (0, math.nan))),
    "seed/unit": Call((0,), ((), (0, 1), (WRONG,), (math.nan,), (-1,), (9999,))),
    "seed/file": stretch(("source_0.wav", 1e8)),
    "seed/map": Call(
        (0.0, 0.0), ((), (0.5,), (0, 0, "note", 1), (WRONG, 0), (0, math.nan), (0, 0, WRONG))
    ),
    "seed/random": Call((), TRIGGER),
    "seed/clear": Call((), TRIGGER),
    "allow/sources": Call(("source_0",), ((), (7,), (math.nan,))),
    "allow/stretch": stretch(),
    "allow/region": Call(
        (0.0, 0.0, 3.0), ((), (0, 0), (0, 0, 1, 1), (WRONG, 0, 1), (0, 0, math.nan), (0, 0, -1.0))
    ),
    "allow/all": Call((), TRIGGER),
    "cut": Call((), TRIGGER),
    "bundle": Call(("first",), (("first", 1), (7,), (math.nan,), ("nobody",))),
    "/panic": Call((), TRIGGER),
    "/status": Call((), TRIGGER, "/status.reply"),
    "/notify": Call((0,), ((), (WRONG,), (math.nan,), (1, 70_000), (1, 0, 30, WRONG), (1, 0, 0, 0))),
    "/sync": Call((7,), ((), (1, 2), (WRONG,), (math.nan,)), "/synced"),
    "/play": Call(
        ("unit", 0), (("unit",), (1, 2), ("unit", WRONG), ("gain", math.nan), ("file", 7)), ""
    ),
    "/dirt/play": Call(
        ("s", "source_0"), (("s",), (1, 2), ("n", WRONG), ("gain", math.nan), ("s", 7)), ""
    ),
    "/dump_osc": Call((0,), ((), (1, 2), (WRONG,), (math.nan,))),
    "/output": Call((), TRIGGER, "/output"),
    "/auth": Call(("",), ((), ("", 1), (7,), (math.nan,))),
    "/preset/list": Call((), ((0, 1), (WRONG,), (math.nan,), (99,)), "/preset/list.reply"),
    "/preset/save": preset(),
    "/preset/load": preset(1.0),
    "/preset/delete": preset(),
    "/clock": Call((7,), (), "/clock.reply"),
    "/clear_sched": Call((), TRIGGER),
    "/time_tags": Call(("honour",), (("honour", 1), (7,), (math.nan,), (WRONG,)), "/time_tags"),
    "/version": Call((), TRIGGER, "/version.reply"),
    "/bundle/list": Call((), ((0, 1), (WRONG,), (math.nan,), (99,)), "/bundle/list.reply"),
    "/bundle/load": named(),
    "/bundle/unload": Call(("second",), ((), ("second", 1), (7,), (math.nan,), ("nobody",))),
    "/bundle/swap": named(),
    "/record/start": Call(("take.wav",), ((), ("a.wav", 1), (7,), (math.nan,), ("../a.wav",))),
    "/record/stop": Call((), TRIGGER),
    "/record/state": Call((), TRIGGER, "/record/state"),
    "/device/list": Call((), TRIGGER),
    "/device/open": Call(("one",), ((), ("a", 1), (7,), (math.nan,), ("one",)), ""),
    "/quit": Call((0,), TRIGGER, ""),  # the button let go: it is pressed where nobody else plays
    "/bundle/info": Call((), ((1, 2), (WRONG,), (math.nan,), (9,)), "/bundle/info.reply"),
    "/scales": Call((1,), ((1, 2), (WRONG,), (math.nan,), (9,)), "/scales.reply"),
    "/sources": Call((0,), ((0, 1, 2), (WRONG,), (math.nan,), (99,), (0, 9)), "/sources.reply"),
    "/unit/info": Call(
        (0,), ((), (0, "note", 1, 1), (WRONG,), (math.nan,), (9999,)), "/unit/info.reply"
    ),
    "/token/exemplar": Call(
        (0,), ((), (0, "note", 1, 1), (WRONG,), (math.nan,), (9999,)), "/token/exemplar.reply"
    ),
    "/model/next": Call((1, 2), ((), (1, 2, 3), (WRONG,), (1, math.nan), (9,))),
}  # fmt: skip
"""By a command's own address, or below a voice's: a new command gets a line here."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("addresses")
    for name in ("first", "second"):
        make_bundle(folder / f"{name}.idiolect", seconds=6)
    (folder / "folder.json").mkdir()
    flags = {
        "audio.output": "null",
        "audio.recordings": str(folder),
        "performance.presets": str(folder),
        "control.port": 0,
        "control.dirt": True,
        "performance.voices": VOICES,
    }
    with App(folder / "first.idiolect", load(flags=flags)) as app:
        yield app


@pytest.fixture
def wire(app: App) -> Iterator[Wire]:
    """A client of its own for each address: refusals are limited for each."""
    wire = Wire(app.control.address[1])
    yield wire
    wire.socket.close()


LEAVES = Namespace(VOICES, DESCRIPTORS).leaves
COMMANDS = {command.path: command for command in VOICE_COMMANDS}
TURNED = {
    address: leaf for address, leaf in LEAVES.items() if isinstance(leaf.target, Parameter | Norm)
}
TOLD = {address: leaf for address, leaf in LEAVES.items() if address not in TURNED}


def call_of(leaf: Leaf) -> Call:
    key = getattr(leaf.target, "path", None) or leaf.address
    assert key in CALLS, f"{key} is new: add how it is called to CALLS"
    return CALLS[key]


def parameter_of(leaf: Leaf) -> Parameter:
    found = leaf.target.parameter if isinstance(leaf.target, Norm) else leaf.target
    assert isinstance(found, Parameter)
    return found


def assert_refused(wire: Wire, address: str, arguments: tuple[object, ...]) -> None:
    """One answer, or one for each voice: it names the address, the value, and the cure."""
    wire.send(address, *arguments)
    answers = [answer for answer in wire.settle() if answer[0] != "/progress"]
    assert {answer[:2] for answer in answers} == {("/fail", address)}, (arguments, answers)
    assert len(answers) in (1, len(LEAVES[address].voices))
    text = answers[0][2]
    assert has_cure(text), text
    secret = address == "/auth"  # what came for a token is not repeated
    assert secret or any(word in text for word in traces(arguments)), (arguments, text)


def traces(arguments: tuple[object, ...]) -> list[str]:
    """What a text may show of arguments: one of them, or how many there are."""
    shown = [value if isinstance(value, str) else f"{value:g}" for value in arguments]  # type: ignore[str-format]
    return [*shown, f"{len(arguments)} ", *(["no "] if not arguments else [])]


def test_every_command_has_its_line() -> None:
    addresses = {command.address for command in (*SYSTEM_COMMANDS, *QUESTIONS)}
    assert CALLS.keys() == addresses | COMMANDS.keys()


@pytest.mark.parametrize("address", TURNED)
def test_what_is_turned_is_set_read_and_refuses_what_makes_no_sense(
    wire: Wire, address: str
) -> None:
    leaf, parameter = TURNED[address], parameter_of(TURNED[address])
    value = 0.5 if isinstance(leaf.target, Norm) else middle_of(parameter)
    wire.send(address, value)
    assert wire.settle() == []
    assert wire.ask(address) == (address, *[pytest.approx(value, rel=1e-5)] * len(leaf.voices))
    for wrong in ((WRONG,), (math.nan,), (math.inf,), (value, 1, 2), (value, WRONG)):
        assert_refused(wire, address, wrong)
    assert wire.ask(address)[1] == pytest.approx(value, rel=1e-5)
    wire.send(
        address,
        parameter.to_norm(parameter.default) if leaf.target is not parameter else parameter.default,
    )
    wire.settle()


def middle_of(parameter: Parameter) -> float:
    if parameter.kind == "scale":
        return 1
    middle = parameter.low + (parameter.high - parameter.low) / 2
    return middle if parameter.kind == "f" else int(min(middle, 3))


@pytest.mark.parametrize("address", TOLD)
def test_what_is_told_answers_and_refuses_what_makes_no_sense(wire: Wire, address: str) -> None:
    leaf = TOLD[address]
    call = call_of(leaf)
    prepare(wire, address)
    wire.send(address, *call.right)
    answers = [answer for answer in wire.settle() if answer[0] == call.answer]
    if call.answer:
        assert len(answers) == max(1, len(leaf.voices)), answers
        assert answers[0][1] == address or call.answer != "/done"
    if address == "/record/start":
        wire.ask("/record/stop")
    for wrong in call.wrong:
        assert_refused(wire, address, wrong)


def prepare(wire: Wire, address: str) -> None:
    """Bring about what a command needs."""
    if address == "/bundle/unload":
        wire.send("/bundle/load", "second")
        wire.settle()
    if address in ("/preset/load", "/preset/delete"):
        wire.ask("/preset/save", "kept")
    if address == "/record/stop":
        wire.ask("/record/start", "stopped.wav")


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/voice/1/temperatuur", "temperature"),
        ("/voice/9/pan", "1, 2"),
        ("/gian", "/gain"),
        ("/x", "idiolect osc"),
    ],
)
def test_an_address_that_is_none_is_refused_with_what_there_is(
    wire: Wire, address: str, near: str
) -> None:
    answer = wire.ask(address, 1)
    assert answer[:2] == ("/fail", address)
    assert near in answer[2]


@pytest.mark.parametrize("tag", [b"N", b"b", b"t", b"[]"])
def test_a_type_that_is_no_number_is_refused_by_every_parameter(app: App, tag: bytes) -> None:
    """In one burst for each: an answer for every address, and nothing is turned."""
    body = {b"b": bytes(4), b"t": bytes(8)}.get(tag, b"")
    for address in TURNED:
        wire = Wire(app.control.address[1])
        head = encode(address)
        packet = head[:-4] + (b"," + tag).ljust(4, b"\0") + body
        parse(packet)
        wire.raw(packet)
        (answer,) = wire.settle()
        assert answer[:2] == ("/fail", address)
        assert re.search(r"is (nil|a blob|an array|a colour, MIDI or time tag): send", answer[2])
        wire.socket.close()
