"""Classes for SuperCollider."""

from collections.abc import Iterable

from idiolect.control.playing import PLAY_KEYS
from idiolect.control.system import STATUS_FIELDS
from idiolect.control.telling import GRAIN
from idiolect.parameters.bias import DESCRIPTORS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import MASTER, VOICE

__all__ = ["supercollider"]

_SUPERCOLLIDER = """\
// Made from the table of parameters; change that, then:
//   idiolect osc --for supercollider > clients/supercollider/Idiolect/Classes/IdiolectParameters.sc

// Names in the order in which a status and a grain tell them, the words of playing by hand, and the
// descriptors a voice can lean towards.
IdiolectNames {
	*status { ^#[
%(status)s
	] }

	*grain { ^#[
%(grain)s
	] }

	*play { ^#[
%(play)s
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


def supercollider() -> str:
    """Write classes with a getter and a setter for each parameter, and its spec."""
    return _SUPERCOLLIDER % {
        "status": _symbols(field.name for field in STATUS_FIELDS),
        "grain": _symbols(name for _, name, _ in GRAIN),
        "play": _symbols(key.name for key in PLAY_KEYS),
        "descriptors": _symbols(DESCRIPTORS),
        "voice_specs": _specs(VOICE.values()),
        "voice": _methods(VOICE.values()),
        "master_specs": _specs(MASTER.values()),
        "master": _methods(MASTER.values()),
    }


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
