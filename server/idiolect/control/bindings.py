"""Source text for other languages, written from the tables the daemon obeys.

What a client would otherwise copy by hand (names, ranges, defaults, the places of a status) is made
here, kept beside the client's own code, and made again by a test: the two cannot drift apart.
"""

import json
from collections.abc import Callable, Iterable

from idiolect.control.system import STATUS_FIELDS
from idiolect.parameters import DESCRIPTORS, MASTER, VOICE, Parameter

__all__ = ["BINDINGS"]

_SUPERCOLLIDER = """\
// Made from the table of parameters; change that, then:
//   idiolect osc --for supercollider > clients/supercollider/Classes/IdiolectParameters.sc

// Names in the order in which a status tells them, and the descriptors a voice can lean towards.
IdiolectNames {
	*status { ^#[
%(status)s
	] }

	*descriptors { ^#[
%(descriptors)s
	] }
}

// What is turned of a voice.  Each is read (into an action; inside a Routine, as what it returns) and
// set.
IdiolectVoiceParameters {
	*specs { ^IdentityDictionary[
%(voice_specs)s
	] }

%(voice)s
}

// What is turned of everything.
IdiolectMasterParameters {
	*specs { ^IdentityDictionary[
%(master_specs)s
	] }

%(master)s
}
"""

_PYTHON = '''\
"""What is turned of a voice, and what a status tells.

Made from the table of parameters; change that, then::

    idiolect osc --for python > server/idiolect/client/parameters.py
"""

# fmt: off
from idiolect.client.place import Link, Parameter, Place

__all__ = ["STATUS", "Voice"]

STATUS = (
%(status)s
)
"""Names, in the order in which a status tells them."""


class Voice(Place[Link]):
    """One voice.  Its parameters are attributes, to be read and set."""

    __slots__ = ()

%(voice)s
'''


def supercollider() -> str:
    """Write classes with a getter and a setter for each parameter, and its spec."""
    return _SUPERCOLLIDER % {
        "status": _symbols(field.name for field in STATUS_FIELDS),
        "descriptors": _symbols(DESCRIPTORS),
        "voice_specs": _specs(VOICE.values()),
        "voice": _methods(VOICE.values()),
        "master_specs": _specs(MASTER.values()),
        "master": _methods(MASTER.values()),
    }


def python() -> str:
    """Write a class with an attribute for each parameter of a voice, and the names of a status."""
    return _PYTHON % {
        "status": "\n".join(f'    "{field.name}",' for field in STATUS_FIELDS),
        "voice": "\n".join(f"    {p.name} = Parameter({_text(p)})" for p in VOICE.values()),
    }


def _text(parameter: Parameter) -> str:
    if parameter.kind == "scale":
        return json.dumps(parameter.doc)
    bounds = f"{parameter.low:.10g} to {parameter.high:.10g} {parameter.unit}".rstrip()
    return json.dumps(f"{parameter.doc} ({bounds})")


def _symbols(names: Iterable[str]) -> str:
    return ",\n".join(f"\t\t\\{name}" for name in names)


def _specs(parameters: Iterable[Parameter]) -> str:
    return ",\n".join(f"\t\t\\{p.name} -> {_spec(p)}" for p in parameters)


def _spec(parameter: Parameter) -> str:
    """Write a ControlSpec; a scale's highest index is the bundle's, and is left open."""
    warp = "\\exp" if parameter.curve == "log" and parameter.low > 0 else "\\lin"
    step = 0 if parameter.kind == "f" else 1
    bounds = f"{parameter.low:.10g}, {parameter.high:.10g}"
    return f'ControlSpec({bounds}, {warp}, {step}, {parameter.default:g}, "{parameter.unit}")'


def _methods(parameters: Iterable[Parameter]) -> str:
    return "\n\n".join(
        f"\t// {p.doc}\n"
        f"\t{p.name} {{ |action| ^this.get(\\{p.name}, action) }}\n"
        f"\t{p.name}_ {{ |value| this.set(\\{p.name}, value) }}"
        for p in parameters
    )


BINDINGS: dict[str, Callable[[], str]] = {"python": python, "supercollider": supercollider}
"""By language, who writes its source."""
