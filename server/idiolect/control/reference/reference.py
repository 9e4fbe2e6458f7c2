"""The reference of every address, written from the tables the daemon obeys."""

from collections.abc import Iterable

from idiolect.control.commands import VOICE_COMMANDS
from idiolect.control.playing import DIRT_KEYS, PLAY_KEYS
from idiolect.control.questions import QUESTIONS
from idiolect.control.reference import prose
from idiolect.control.system import STATUS_FIELDS, SYSTEM_COMMANDS
from idiolect.parameters.bias import BIAS, DESCRIPTORS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import MASTER, VOICE

__all__ = ["reference"]


def reference() -> str:
    """Return the whole reference, in Markdown.

    Returns
    -------
    str
        ``docs/osc.md`` is this text; a test keeps them equal.
    """
    return "\n".join(
        [
            prose.OPENING,
            "## Parameters of a voice\n",
            _parameters("/voice/{n}/", [*VOICE.values(), BIAS]),
            "`scale` is a name or an index, 0 the finest; it reads as the index. A name there is\n"
            "none of is refused with the names there are.\n",
            "### Bias\n",
            prose.BIAS,
            _descriptors(),
            "## Parameters of the whole\n",
            _parameters("/", MASTER.values()),
            "## Commands to a voice\n",
            _voice_commands(),
            "## Commands to the daemon\n",
            _system_commands(),
            prose.GUARD,
            prose.PRESETS,
            prose.TIME,
            prose.PLAYING,
            _table(
                ("name", "type", "what it is"), [(f"`{k.name}`", k.tag, k.doc) for k in PLAY_KEYS]
            ),
            prose.DIRT,
            _table(("name", "what it is"), [(f"`{name}`", doc) for name, doc in DIRT_KEYS.items()]),
            prose.BUNDLES,
            "## Questions about the language\n",
            "Each is about the bundle that voice 1 plays, or the voice that is named.\n",
            _table(
                ("address", "arguments", "answer", "what it tells"),
                [(f"`{c.address}`", c.arguments, c.answer, c.doc) for c in QUESTIONS],
            ),
            "## What is told\n",
            prose.TOLD,
            "## /status.reply\n",
            _status(),
            prose.LIMITS,
        ]
    )


def _parameters(prefix: str, parameters: Iterable[Parameter]) -> str:
    rows = [
        (
            f"`{prefix}{p.name}`",
            _kind(p),
            _range(p),
            f"{p.default:g}",
            p.unit,
            p.curve if p.is_continuous else "",
            f"{p.ramp:g} s" if p.is_ramped else "",
            p.doc,
        )
        for p in parameters
    ]
    head = ("address", "type", "range", "default", "unit", "curve", "ramp", "what it does")
    return _table(head, rows)


def _descriptors() -> str:
    rows = [(f"`bias/{name}`", doc) for name, doc in DESCRIPTORS.items()]
    return _table(("address", "more of it is"), rows)


def _kind(parameter: Parameter) -> str:
    return "i or s" if parameter.kind == "scale" else parameter.kind


def _range(parameter: Parameter) -> str:
    if parameter.kind == "scale":
        return "the bundle's scales"
    return f"{_plain(parameter.low)} to {_plain(parameter.high)}"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _voice_commands() -> str:
    rows = [(f"`/voice/{{n}}/{c.path}`", c.arguments, c.doc) for c in VOICE_COMMANDS]
    return _table(("address", "arguments", "what it does"), rows) + "\n" + prose.VOICE_ANSWERS


def _system_commands() -> str:
    rows = [(f"`{c.address}`", c.arguments, c.answer, c.doc) for c in SYSTEM_COMMANDS]
    return _table(("address", "arguments", "answer", "what it does"), rows)


def _status() -> str:
    rows = [
        (str(place), field.tag, field.name, field.doc)
        for place, field in enumerate(STATUS_FIELDS, 1)
    ]
    return _table(("place", "type", "name", "meaning"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
