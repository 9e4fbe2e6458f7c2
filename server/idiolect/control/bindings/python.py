"""The attributes of the Python client's voices."""

import json

from idiolect.control.system import STATUS_FIELDS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import VOICE

__all__ = ["python"]

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
