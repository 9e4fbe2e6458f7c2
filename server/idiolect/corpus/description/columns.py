"""The descriptors, in the order in which every array holds them."""

import difflib
from dataclasses import dataclass

from idiolect.errors import ConfigError

__all__ = ["CLASSES", "COLUMNS", "MFCC", "MOVING", "NAMES", "Column", "select"]

MFCC = 12
MOVING = 6  # of them whose movement is described
CLASSES = ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b")  # s: sharp
LEAST_OF_OWN = 1e-6  # smallest spread of a descriptor that nobody here knows


@dataclass(frozen=True, slots=True)
class Column:
    """One descriptor of a unit."""

    name: str
    unit: str
    least: float  # smallest spread it is divided by: about what a listener can tell apart
    weight: float = 0.35  # in the distance between units, of one spread


COLUMNS: tuple[Column, ...] = (
    Column("loudness", "dB", 1.0),
    Column("centroid", "octaves", 0.05),
    Column("spread", "octaves", 0.05),
    Column("flatness", "dB", 0.5),
    Column("rolloff", "octaves", 0.05),
    Column("zero_crossings", "octaves", 0.05),
    *(Column(f"mfcc_{index}", "dB", 0.5, weight=1.0) for index in range(1, MFCC + 1)),
    Column("pitch", "octaves", 0.05),
    Column("pitch_confidence", "", 0.05),
    Column("attack", "octaves", 0.5),
    Column("duration", "octaves", 0.25),
    Column("loudness_change", "dB", 1.0),
    Column("centroid_change", "octaves", 0.1),
    *(Column(f"mfcc_change_{index}", "dB", 0.5, weight=0.7) for index in range(1, MOVING + 1)),
    *(Column(f"mfcc_deviation_{index}", "dB", 0.5, weight=0.7) for index in range(1, MOVING + 1)),
    *(Column(f"chroma_{name}", "", 0.01, weight=0.25) for name in CLASSES),
)
NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
GROUPS = ("all", "mfcc", "mfcc_change", "mfcc_deviation", "chroma")


def select(wanted: tuple[str, ...]) -> tuple[Column, ...]:
    """Choose descriptors by name, or by the name of a group.

    A group is ``all``, or what several have in common: ``mfcc`` for ``mfcc_1`` on, ``mfcc_change``,
    ``mfcc_deviation``, ``chroma``.

    Parameters
    ----------
    wanted
        In any order; none is all.  A name with a colon is a function of the user's own, see
        `custom`; those come last.

    Raises
    ------
    ConfigError
        When there is no such descriptor.
    """
    own = tuple(name for name in wanted if ":" in name)
    named = tuple(name for name in wanted if ":" not in name)
    for name in named:
        if not any(_fits(name, column) for column in COLUMNS):
            near = difflib.get_close_matches(name, (*NAMES, *GROUPS), n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
            raise ConfigError(f"descriptors: {name!r} is not known; {hint}")
    built_in = [c for c in COLUMNS if not wanted or any(_fits(name, c) for name in named)]
    return (*built_in, *(Column(name, "", LEAST_OF_OWN) for name in own))


def _fits(name: str, column: Column) -> bool:
    group, _, member = column.name.rpartition("_")
    grouped = group in GROUPS and (group == "chroma" or member.isdigit())
    return name in ("all", column.name) or (grouped and name == group)
