"""What of the component needs no TouchDesigner, against the real daemon."""

import math
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from idiolect.client import Client
from idiolect.config.config import load
from idiolect.control.codec import Message, encode, parse
from idiolect.daemon.app import App
from idiolect.parameters.table import MASTER, VOICE
from tap import Tap

FOLDER = Path(__file__).parents[2] / "clients/touchdesigner"
FAMILIES = ("CHOP", "COMP", "DAT", "MAT", "SOP", "TOP")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The client's modules, imported as TouchDesigner would, and forgotten again."""
    names = ("idiolect_td", "IdiolectExt", "build")
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield SimpleNamespace(**{name: __import__(name) for name in names})
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def td(modules: SimpleNamespace) -> ModuleType:
    found: ModuleType = modules.idiolect_td
    return found


@pytest.fixture
def app(learned: Path) -> Iterator[App]:
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 2})
    with App(learned, config) as app:
        yield app


def http_port(app: App) -> int:
    wait(lambda: app.control.http_address is not None)
    assert app.control.http_address is not None
    return app.control.http_address[1]


@pytest.fixture
def daemon(td: ModuleType, app: App) -> Iterator[Any]:
    daemon = td.Daemon("127.0.0.1", app.control.address[1], http_port(app))
    yield daemon
    daemon.close()


def wait(holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(holds())


def test_the_first_lines_of_its_page_make_sound_with_nothing_but_the_standard_library(
    heard: App,
) -> None:
    lines = (FOLDER / "README.md").read_text().split("```\n")[1]
    assert lines.count("\n") == 5
    lines = lines.replace("/path/to/idiolect/clients/touchdesigner", str(FOLDER))
    lines = lines.replace("57300", str(heard.control.address[1]))
    # -I -S: no installed package can be imported.
    subprocess.run([sys.executable, "-I", "-S", "-c", lines], check=True, timeout=60)
    assert wait(lambda: heard.player.get("scale", 1) == 1)
    assert heard.player.get("run", 1) == 1
    assert heard.player.get("temperature", 1) == pytest.approx(1.4)
    assert wait(lambda: heard.player.status().running == 1)
    time.sleep(1)  # its voice begins to be heard


@pytest.mark.parametrize(
    ("address", "values"),
    [("/cut", ()), ("/voice/1/run", (1,)), ("/p", (0.8, -3, "note")), ("/longer", ("four", ""))],
)
def test_its_messages_are_those_of_the_codec(
    td: ModuleType, address: str, values: tuple[Any, ...]
) -> None:
    assert td.encode(address, *values) == encode(address, *values)


def test_every_parameter_of_a_voice_becomes_one_with_its_range(
    td: ModuleType, daemon: Any, app: App
) -> None:
    knobs = {knob.address: knob for knob in td.knobs(daemon.read("/voice/2"), "/voice/2")}
    names = [knob.name for knob in knobs.values()]
    assert len(set(names)) == len(names)
    assert all(name[0].isupper() and name[1:].isalnum() and name[1:].islower() for name in names)
    for name, parameter in VOICE.items():
        knob = knobs[f"/voice/2/{name}"]
        assert knob.help == parameter.doc
        if parameter.kind == "scale":
            assert (knob.style, knob.names, knob.value) == ("Menu", ("grain", "note"), "grain")
        else:
            assert (knob.low, knob.high, knob.value) == (
                parameter.low, parameter.high, pytest.approx(parameter.default),
            )  # fmt: skip
    assert knobs["/voice/2/run"].style == "Toggle"
    assert knobs["/voice/2/top_k"].style == "Int"
    assert knobs["/voice/2/temperature"].style == "Float"
    assert knobs["/voice/2/cut"].style == knobs["/voice/2/seed/random"].style == "Pulse"
    assert knobs["/voice/2/bias/centroid"].name == "Biascentroid"
    assert "/voice/2/seed/unit" not in knobs
    for name in MASTER:
        (knob,) = td.knobs(daemon.read(f"/{name}"), "/")
        assert knob.name == name.capitalize()


class Fake:
    """Operators and parameters as far as the extension names them."""

    def __init__(self, **first: object) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.rows: list[list[Any]] = [["heard"]]
        self.customPages: list[Any] = []
        self.par = SimpleNamespace(**{name: FakePar(name, value) for name, value in first.items()})

    def op(self, name: str) -> "Fake":
        assert name in ("osc_out", "grains")
        return self

    def sendOSC(self, address: str, values: list[Any]) -> None:
        self.sent.append((address, *values))

    def appendCustomPage(self, name: str) -> "FakePage":
        self.customPages.append(FakePage(self, name))
        return self.customPages[-1]

    @property
    def numRows(self) -> int:
        return len(self.rows)

    def appendRow(self, row: list[Any]) -> None:
        self.rows.append(row)

    def deleteRow(self, row: int) -> None:
        del self.rows[row]


class FakePar(SimpleNamespace):
    def __init__(self, name: str, value: object = 0) -> None:
        super().__init__(name=name, val=value)

    def eval(self) -> Any:
        return self.val

    def __int__(self) -> int:
        return int(self.val)


class FakePage:
    def __init__(self, owner: Fake, name: str) -> None:
        self.owner, self.name = owner, name

    def __getattr__(self, name: str) -> Callable[..., list[FakePar]]:
        style = name.removeprefix("append")
        assert style in ("Float", "Int", "Toggle", "Menu", "Pulse")

        def append(name: str, label: str) -> list[FakePar]:
            par = FakePar(name)
            setattr(self.owner.par, name, par)
            return [par]

        return append


@pytest.fixture
def delayed(modules: SimpleNamespace) -> list[tuple[Any, ...]]:
    """What was to be run later."""
    later: list[tuple[Any, ...]] = []
    modules.IdiolectExt.run = lambda *call, **when: later.append((*call, when))
    return later


@pytest.fixture
def component(
    modules: SimpleNamespace, app: App, delayed: list[tuple[Any, ...]]
) -> tuple[Any, Fake]:
    owner = Fake(
        Host="127.0.0.1", Port=app.control.address[1], Httpport=http_port(app),
        Grainport=57303, Meterport=57304, Voice=1, Connect=0,
    )  # fmt: skip
    extension = modules.IdiolectExt.IdiolectExt(owner)
    extension.Pulsed(owner.par.Connect)
    return extension, owner


def test_connecting_makes_parameters_and_asks_to_be_told(
    component: tuple[Any, Fake], delayed: list[tuple[Any, ...]]
) -> None:
    extension, owner = component
    assert owner.sent == [
        ("/notify", 1, 57303, 60, "grain", "state"), ("/notify", 1, 57304, 60, "meter", "health")
    ]  # fmt: skip
    assert [page.name for page in owner.customPages] == ["Voice", "Bias", "Master"]
    assert owner.par.Temperature.val == 1
    assert (owner.par.Temperature.min, owner.par.Temperature.max) == (0, 4)
    assert owner.par.Scale.menuNames == ["grain", "note"]
    assert owner.par.Mastergain.val == 0
    # A lease is renewed, and that of an earlier connection is not.
    ((_, again, lease, when),) = delayed
    assert when["delayMilliSeconds"] < 60_000
    again.Listen(lease)
    assert len(owner.sent) == 4
    extension.Connect()
    again.Listen(lease)
    assert len(owner.sent) == 6
    assert [page.name for page in owner.customPages] == ["Voice", "Bias", "Master"]


def test_what_is_turned_is_sent_and_what_is_told_is_not_sent_back(
    component: tuple[Any, Fake], app: App
) -> None:
    extension, owner = component
    owner.sent.clear()
    with Client(port=app.control.address[1]) as client:
        for name, value, sent in (
            ("Temperature", 0.5, ("/voice/1/temperature", 0.5)),
            ("Run", False, ("/voice/1/run", 0)),
            ("Topk", 12.0, ("/voice/1/top_k", 12)),
            ("Scale", "note", ("/voice/1/scale", "note")),
            ("Biascentroid", -1.0, ("/voice/1/bias/centroid", -1.0)),
            ("Mastergain", -6.0, ("/gain", -6.0)),
        ):
            par = getattr(owner.par, name)
            par.val = value
            extension.Turned(par)
            extension.Turned(par)
            assert owner.sent.pop() == sent
            assert not owner.sent
            client.send(*sent)
            told = client.ask(sent[0])
            setattr(owner.par, name, FakePar(name))
            extension.Told(told.address, told.arguments, 0.0)
            shown = FakePar(name, getattr(owner.par, name))
            extension.Turned(shown)
            assert not owner.sent
    extension.Pulsed(owner.par.Seedrandom)
    extension.Play(unit=12, gain=-6)
    assert owner.sent == [
        ("/voice/1/seed/random",), ("/play", "voice", 1, "unit", 12, "gain", -6)
    ]  # fmt: skip


def test_a_scale_that_is_not_in_the_menu_makes_it_anew(
    modules: SimpleNamespace, component: tuple[Any, Fake]
) -> None:
    """Somebody has swapped the bundle for one that has more scales, or others."""
    extension, _ = component
    extension.Connect()
    name = extension._parameters["/voice/1/scale"]
    there = extension._knobs[name].names
    extension._knobs[name] = extension._knobs[name]._replace(names=there[:1])
    extension.Told("/voice/1/scale", (1,), 0.0)
    assert extension._knobs[name].names == there


def test_a_grain_that_is_told_gets_a_row_and_is_drawn_while_it_sounds(
    modules: SimpleNamespace, component: tuple[Any, Fake], app: App
) -> None:
    extension, owner = component
    with Client(port=app.control.address[1]) as client:
        client.ask("/notify", 1, 0, 30, "grain")
        client.send("/voice/1/run", 1)
        told = next(reply for reply in client.listen(10) if reply.address == "/grain")
    names = modules.idiolect_td.GRAIN
    assert len(told.arguments) == len(names)
    extension.Told(told.address, told.arguments, 5.0)
    assert owner.rows[-1] == [5.0, *told.arguments]
    grain = dict(zip(names, told.arguments, strict=True))
    heard = extension.Bursts(5.0 + grain["seconds"] / 2)
    assert set(heard) == set(modules.idiolect_td.CHANNELS)
    assert (heard["tx"], heard["ty"]) == ([grain["x"]], [grain["y"]])
    fading = extension.Bursts(5.0 + grain["seconds"] + 0.3)
    assert 0 < fading["size"][0] < heard["size"][0]
    assert extension.Bursts(5.0 + grain["seconds"] + 1)["size"] == [0.0]
    assert extension.Bursts(4.9)["size"] == [0.0]
    for _ in range(150):
        extension.Told(told.address, told.arguments, 5.0)
    assert owner.numRows == 101
    assert owner.rows[0] == ["heard"]


def test_louder_grains_are_larger_and_brighter_ones_paler(td: ModuleType) -> None:
    def draw(**more: float) -> dict[str, float]:
        grain = {
            "voice": 1, "x": 0.0, "y": 0.0, "seconds": 1.0, "loudness": -20.0, "gain": 0.0,
            "centroid": 500.0,
        }  # fmt: skip
        drawn = td.bursts([(0.0, grain | more)], 0.5)
        return {name: values[0] for name, values in drawn.items()}

    assert draw(loudness=-10.0)["size"] > draw()["size"] > draw(gain=-6.0)["size"]
    assert draw(centroid=4000.0)["b"] > draw()["b"]
    assert draw(centroid=0.0)["r"] == 1
    hues = {(d["r"], d["g"], d["b"]) for d in (draw(voice=voice) for voice in range(1, 5))}
    assert len(hues) == 4


def chop_bundle(seconds: float, *channels: tuple[str, float]) -> bytes:
    """What an OSC Out CHOP sends: a float for each channel, and a time of its own."""
    messages = [encode(f"/{name}", float(value)) for name, value in channels]
    tag = struct.pack(">Q", math.floor(seconds * 2**32))
    sized = [struct.pack(">i", len(message)) + message for message in messages]
    return b"#bundle\0" + tag + b"".join(sized)


def test_what_its_operators_send_is_understood(app: App) -> None:
    with Tap(app.control.address[1]) as tap, Client(port=tap.port) as client:
        for packet in (
            # OSC Out DAT: plain numbers, a boolean, a double, and no type tags where there is no argument.
            b"/voice/1/temperature\0\0\0\0,f\0\0\x3f\x00\x00\x00",
            b"/voice/1/run\0\0\0\0,T\0\0",
            b"/voice/1/continuity\0,d\0\0\x3f\xd0\0\0\0\0\0\0",
            b"/voice/1/seed/random\0\0\0\0",
            # OSC Out CHOP, whose clock began when TouchDesigner did.
            chop_bundle(12.5, ("norm/voice/1/pan", 0.75), ("voice/2/gain", -12)),
        ):
            tap.send(packet)
            client.ask("/sync", 1)
        # That its clock is no clock of the day is said once, and nothing waits for it.
        assert [failed.arguments[0] for failed in tap.failed()] == ["/"]
    for name, voice, value in (
        ("temperature", 1, 0.5), ("run", 1, 1), ("continuity", 1, 0.25), ("pan", 1, 0.5),
        ("gain", 2, -12),
    ):  # fmt: skip
        assert app.player.get(name, voice) == pytest.approx(value), name


def test_the_telemetry_has_nothing_that_a_chop_cannot_take(app: App) -> None:
    with Tap(app.control.address[1]) as tap, Client(port=tap.port) as client:
        client.ask("/notify", 1, 0, 60, "meter", "health")
        client.send("/voice/1/run", 1)
        names = {reply.address for reply in client.listen(2)}
        told = [parse(packet) for packet in tap.answers]
    values = [
        value
        for packet in told
        if not isinstance(packet, Message)
        for message in packet.elements
        for value in message.arguments
    ]
    assert {"/meter/voice/1/rms", "/meter/voice/1/centroid", "/health/cpu"} <= names
    assert values
    assert {type(value) for value in values} <= {int, float}


def test_callbacks_pass_on_what_they_are_called_with(component: tuple[Any, Fake]) -> None:
    extension, owner = component
    inside = SimpleNamespace(ext=SimpleNamespace(IdiolectExt=extension))
    called: dict[str, Any] = {"parent": lambda: inside, "absTime": SimpleNamespace(seconds=5.0)}
    exec((FOLDER / "callbacks.py").read_text(), called)
    called["onReceiveOSC"](None, 0, "", b"", 0.0, "/voice/1/pan", [-0.5], None)
    assert owner.par.Pan == -0.5
    owner.sent.clear()
    called["onValueChange"](FakePar("Temperature", 0.5), 1.0)
    called["onPulse"](owner.par.Cut)
    assert owner.sent == [("/voice/1/temperature", 0.5), ("/voice/1/cut",)]
    script = FakeScript()
    called["onCook"](script)
    assert script.channels.keys() == extension.Bursts(5.0).keys()
    assert all(len(each.vals) == script.numSamples for each in script.channels.values())


class FakeScript:
    """A Script CHOP, as far as it is written."""

    def __init__(self) -> None:
        self.numSamples = 0
        self.channels: dict[str, SimpleNamespace] = {"old": SimpleNamespace(vals=[])}

    def clear(self) -> None:
        self.channels.clear()

    def appendChan(self, name: str) -> SimpleNamespace:
        self.channels[name] = SimpleNamespace(vals=[])
        return self.channels[name]


class Parameters:
    """Those of an operator that is made: all but one that a build does not know."""

    lacks = "channames"

    def __init__(self) -> None:
        self.set: dict[str, SimpleNamespace] = {}

    def __getattr__(self, name: str) -> SimpleNamespace:
        if name == self.lacks:
            raise AttributeError(name)
        return self.set.setdefault(name, SimpleNamespace(pulse=lambda: None))


class Built:
    """An operator that is made, as far as it is made."""

    def __init__(self, kind: str, name: str, around: "Built | None" = None) -> None:
        self.kind, self.name, self.path, self.around = kind, name, f"/project1/{name}", around
        self.par = Parameters()
        self.inside: dict[str, Built] = {}
        self.sources: list[Built] = []
        self.rows: list[list[str]] = []
        self.text = ""
        if kind == "geometryCOMP":
            self.create("torusSOP", "torus1")

    def create(self, kind: str, name: str) -> "Built":
        assert name not in self.inside
        self.inside[name] = Built(kind, name, self)
        return self.inside[name]

    def destroy(self) -> None:
        assert self.around is not None
        del self.around.inside[self.name]

    def op(self, name: str) -> "Built":
        return self.inside[name]

    @property
    def children(self) -> list["Built"]:
        return list(self.inside.values())

    @property
    def inputConnectors(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(connect=self.sources.append)]

    def appendCustomPage(self, name: str) -> SimpleNamespace:
        def append(name: str) -> list[SimpleNamespace]:
            return [getattr(self.par, name)]

        return SimpleNamespace(appendStr=append, appendInt=append, appendPulse=append)

    def clear(self) -> None:
        self.rows.clear()

    def appendRow(self, row: list[str]) -> None:
        self.rows.append(row)


class Kinds(ModuleType):
    """TouchDesigner's own module, which names the kinds of operators."""

    def __getattr__(self, name: str) -> str:
        return name


def test_what_is_built_is_the_network(
    modules: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With stand-ins for operators, of which none knows one parameter."""
    monkeypatch.setitem(sys.modules, "td", Kinds("td"))
    made = modules.build.build(Built("baseCOMP", "project1"))
    assert made.par.Port.val == 57300
    assert {op.name: op.kind for op in made.children} == {
        node.name: node.kind for node in modules.build.NODES
    }
    for node in modules.build.NODES:
        one = made.op(node.name)
        assert [source.name for source in one.sources] == list(node.inputs)
        assert not node.file or one.text == (FOLDER / node.file).read_text()
        for name, value in node.settings.items():
            if name != Parameters.lacks:
                asked = isinstance(value, str) and value.startswith("parent()")
                par = getattr(one.par, name)
                assert (par.expr if asked else par.val) == value
    assert [child.kind for child in made.op("dots").children] == ["circleSOP"]
    assert made.op("grains").rows == [["heard", *modules.idiolect_td.GRAIN]]
    assert capsys.readouterr().out == (
        "/project1/levels has no parameter channames: set what it is called here to "
        "'meter/voice/*/rms'\n"
    )


def test_the_network_holds_together(modules: SimpleNamespace) -> None:
    nodes = {node.name: node for node in modules.build.NODES}
    assert len(nodes) == len(modules.build.NODES)
    assert len({(node.x, node.y) for node in nodes.values()}) == len(nodes)
    asked = {f"parent().par.{name}" for _, name, _ in modules.build.CONNECTION}
    for node in nodes.values():
        assert node.kind.endswith(FAMILIES)
        assert set(node.inputs) <= set(nodes)
        assert not node.file or (FOLDER / node.file).is_file()
        for name in (
            "callbacks",
            "instanceop",
            "instancecolorop",
            "material",
            "camera",
            "geometry",
        ):
            assert node.settings.get(name, "dots") in nodes
        expressions = [v for v in node.settings.values() if str(v).startswith("parent()")]
        assert set(expressions) <= asked


def test_the_picture_is_of_the_network() -> None:
    drawn = subprocess.run(
        [sys.executable, str(FOLDER / "build.py")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (FOLDER / "network.svg").read_text() == drawn.stdout, (
        "run: python clients/touchdesigner/build.py > clients/touchdesigner/network.svg"
    )
