"""Makes the component in TouchDesigner; elsewhere ``python build.py > network.svg`` draws it.

In the Textport::

    import sys; sys.path.append('/path/to/idiolect/clients/touchdesigner')
    import build; build.build(op('/project1'))
"""

from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent

CONNECTION = (
    ("Str", "Host", "127.0.0.1"),
    ("Int", "Port", 57300),
    ("Int", "Httpport", 57301),
    ("Int", "Grainport", 57303),
    ("Int", "Meterport", 57304),
    ("Int", "Voice", 1),
    ("Pulse", "Connect", None),
)
"""Custom parameters that are there before a daemon was asked for its own."""


class Node(NamedTuple):
    """An operator, where it lies in the network, and what is set."""

    name: str
    kind: str  # as TouchDesigner names it
    x: int
    y: int
    note: str = ""
    inputs: tuple[str, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012 (never written)
    file: str = ""  # that it is the text of


def _asked(parameter: str) -> str:
    return f"parent().par.{parameter}"


NODES = (
    Node("idiolect_td", "textDAT", 0, 0, "messages, OSCQuery", file="idiolect_td.py"),
    Node("IdiolectExt", "textDAT", 0, 1, "the extension", file="IdiolectExt.py"),
    Node("callbacks", "textDAT", 0, 2, "what is called", file="callbacks.py"),
    Node(
        "turned", "parameterexecuteDAT", 0, 3, "parameters to OSC", file="callbacks.py",
        settings={"op": "..", "pars": "*", "custom": True, "builtin": False, "valuechange": True, "onpulse": True},
    ),
    Node(
        "osc_out", "oscoutDAT", 1, 3, "to the daemon",
        settings={"address": _asked("Host"), "port": _asked("Port")},
    ),
    Node(
        "told", "oscinDAT", 1, 0, "grains and changes",
        settings={"port": _asked("Grainport"), "callbacks": "callbacks", "splitbundle": True},
    ),
    Node("grains", "tableDAT", 2, 0, "the last 100"),
    Node(
        "telemetry", "oscinCHOP", 1, 1, "meters, health",
        settings={"port": _asked("Meterport")},
    ),
    Node("levels", "selectCHOP", 2, 1, "rms of each voice", ("telemetry",), {"channames": "meter/voice/*/rms"}),
    Node("bursts", "scriptCHOP", 2, 2, "a sample for each grain", settings={"callbacks": "callbacks", "timeslice": False}),
    Node("colour", "constantMAT", 2, 3, "lit by itself"),
    Node(
        "dots", "geometryCOMP", 3, 2, "a circle for each",
        settings={
            "instancing": True, "instancecountmode": "oplength", "instanceop": "bursts",
            "instancetx": "tx", "instancety": "ty", "instancesx": "size", "instancesy": "size", "instancesz": "size",
            "instancecolorop": "bursts", "instancer": "r", "instanceg": "g", "instanceb": "b",
            "material": "colour", "scale": 0.4,
        },
    ),
    Node("eye", "cameraCOMP", 3, 3, "from the front", settings={"tz": 5}),
    Node(
        "picture", "renderTOP", 4, 2, "what is seen",
        settings={"camera": "eye", "geometry": "dots", "lights": ""},
    ),
    Node("out1", "outTOP", 5, 2, "the component's", ("picture",)),
    Node(
        "breath", "lfoCHOP", 3, 0, "an example: pan by hand",
        settings={"channelname": "norm/voice/1/pan", "frequency": 0.1, "amp": 0.5, "offset": 0.5},
    ),
    Node(
        "osc_breath", "oscoutCHOP", 4, 0, "switch it on", ("breath",),
        {"active": False, "netaddress": _asked("Host"), "port": _asked("Port"), "sendevents": False},
    ),
)  # fmt: skip
"""The network."""

_WIDE, _HIGH = 200, 130  # between two operators, in TouchDesigner's units
_GREY = {"DAT": "#7b6a9b", "CHOP": "#5c8a4f", "COMP": "#7d7d7d", "TOP": "#5f6fa8", "MAT": "#a88a45"}


def build(where: Any) -> Any:
    """Make the component inside `where`; what a build of TouchDesigner has no name for is printed."""
    import td  # TouchDesigner's own

    component = where.create(td.baseCOMP, "idiolect")
    page = component.appendCustomPage("Connection")
    for style, name, value in CONNECTION:
        par = getattr(page, f"append{style}")(name)[0]
        if value is not None:
            par.default = par.val = value
    for node in NODES:
        made = component.create(getattr(td, node.kind), node.name)
        made.nodeX, made.nodeY = node.x * _WIDE, -node.y * _HIGH
        if node.file:
            made.text = (FOLDER / node.file).read_text()
        _set(made, node.settings)
    for node in NODES:
        for place, source in enumerate(node.inputs):
            component.op(node.name).inputConnectors[place].connect(component.op(source))
    _fill(component, td)
    _set(
        component, {"ext0object": "op('./IdiolectExt').module.IdiolectExt(me)", "ext0promote": True}
    )
    _set(component, {"opviewer": "out1"})
    component.par.reinitextensions.pulse()
    return component


def _fill(component: Any, td: Any) -> None:
    """Put a circle into the geometry, and the names into the table."""
    import idiolect_td

    dots = component.op("dots")
    for child in list(dots.children):
        child.destroy()
    circle = dots.create(td.circleSOP, "circle")
    circle.render = circle.display = True
    table = component.op("grains")
    table.clear()
    table.appendRow(["heard", *idiolect_td.GRAIN])


def _set(operator: Any, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        par = getattr(operator.par, name, None)
        if par is None:
            print(
                f"{operator.path} has no parameter {name}: set what it is called here to {value!r}"
            )
        elif isinstance(value, str) and value.startswith("parent()"):
            par.expr = value
        else:
            par.val = value


def picture() -> str:
    """Draw the network as SVG."""
    named = {node.name: node for node in NODES}
    wires = [(named[source], node, "") for node in NODES for source in node.inputs]
    wires += [
        (named[value], node, ' stroke-dasharray="3 4"')
        for node in NODES
        for value in dict.fromkeys(node.settings.values())
        if value in named
    ]
    wide, high = (max(node[axis] for node in NODES) + 1 for axis in (2, 3))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide * 160 + 20} {high * 90 + 20}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="#2b2b2b"/>',
    ]
    for source, target, dashes in wires:
        (x0, y0), (x1, y1) = ((20 + node.x * 160, 45 + node.y * 90) for node in (source, target))
        parts.append(
            f'<path d="M{x0 + 130} {y0}C{x0 + 150} {y0} {x1 - 20} {y1} {x1} {y1}" fill="none" stroke="#ddd"{dashes}/>'
        )
    for node in NODES:
        x, y = 20 + node.x * 160, 20 + node.y * 90
        family = next(name for name in _GREY if node.kind.endswith(name))
        parts.append(
            f'<rect x="{x}" y="{y}" width="130" height="50" rx="4" fill="{_GREY[family]}"/>'
            f'<text x="{x + 8}" y="{y + 18}" fill="#fff" font-weight="bold">{node.name}</text>'
            f'<text x="{x + 8}" y="{y + 33}" fill="#eee">{node.kind}</text>'
            f'<text x="{x + 8}" y="{y + 64}" fill="#bbb">{node.note}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    print(picture(), end="")
