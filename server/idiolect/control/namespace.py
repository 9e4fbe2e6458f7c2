"""Every address there is: the parameter table and the commands, for so many voices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from idiolect.control.addresses import address_of
from idiolect.control.command import SystemCommand
from idiolect.control.commands import VOICE_COMMANDS, VoiceCommand
from idiolect.control.pattern import Tree, is_pattern
from idiolect.control.questions import QUESTIONS
from idiolect.control.system import SYSTEM_COMMANDS
from idiolect.errors import ControlError
from idiolect.parameters.bias import voice_parameters
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import MASTER

__all__ = ["NORM", "Leaf", "Namespace", "Norm"]

NORM = "/norm"
"""Below it every continuous parameter has a twin that goes from 0 to 1."""

_CACHED = 256  # patterns whose leaves are kept


@dataclass(frozen=True, slots=True)
class Norm:
    """The twin of a continuous parameter."""

    parameter: Parameter


@dataclass(frozen=True, slots=True)
class Leaf:
    """What lies at one address."""

    address: str
    target: Parameter | Norm | VoiceCommand | SystemCommand
    voices: tuple[int, ...]  # spoken to; 0 is the master, and a system command has none
    is_short: bool = False  # the form that speaks to every voice
    work: int = field(init=False)
    """What asking it for something takes: reading or turning a parameter of a voice is 1."""

    def __post_init__(self) -> None:
        target = self.target
        each = target.work if isinstance(target, VoiceCommand | SystemCommand) else 1
        object.__setattr__(self, "work", each * (len(self.voices) or 1))

    @property
    def parameter(self) -> Parameter:
        """The parameter that it turns, or whose twin it is."""
        target = self.target.parameter if isinstance(self.target, Norm) else self.target
        assert isinstance(target, Parameter)
        return target


class Namespace:
    """The addresses of a daemon.

    Parameters
    ----------
    voices : int
        How many there are.
    descriptors : sequence of str
        Of the bundles that are loaded; each voice has a bias for every one.

    Notes
    -----
    Control thread only.  An exact address is one look-up.
    """

    def __init__(self, voices: int, descriptors: Sequence[str] = ()) -> None:
        self.descriptors = tuple(descriptors)
        self.leaves = {leaf.address: leaf for leaf in _leaves(voices, descriptors)}
        self._tree: Tree[Leaf] = Tree()
        for leaf in self.leaves.values():
            self._tree.add(leaf.address, leaf)
        self._found: dict[str, list[Leaf]] = {}

    def is_known(self, address: str) -> bool:
        """Tell whether finding an address needs no walk through the tree."""
        return address in self.leaves or address in self._found or not is_pattern(address)

    def find(self, address: str) -> list[Leaf]:
        """Find what an address or a pattern speaks to.

        A pattern with wildcards in its last part reaches parameters alone, so that ``/voice/1/*``
        reads a voice and does not cut it, and ``/*`` does not end the daemon.  It reaches twins
        only when it begins with ``/norm/``, so that ``//gain -6`` means decibels alone.

        Raises
        ------
        ControlError
            When there is nothing; the text says what there is instead.
        """
        leaf = self.leaves.get(address)
        if leaf is not None:
            return [leaf]
        if not is_pattern(address):
            raise ControlError(f"no such address: {self._tree.missing(address)}")
        found = self._found.get(address)
        if found is None:
            found = self._select(address)
            if len(self._found) >= _CACHED:
                self._found.clear()
            self._found[address] = found
        if not found:
            raise ControlError(f"no address fits {address[:64]!r}: see `idiolect osc`")
        return found

    def _select(self, pattern: str) -> list[Leaf]:
        twins = pattern.startswith(f"{NORM}/")
        found = [
            leaf for leaf in self._tree.select(pattern) if isinstance(leaf.target, Norm) == twins
        ]
        if is_pattern(pattern.rpartition("/")[2]):
            found = [leaf for leaf in found if isinstance(leaf.target, Parameter | Norm)]
        for_all = [leaf.target for leaf in found if leaf.is_short]
        return [leaf for leaf in found if leaf.is_short or leaf.target not in for_all]


def _leaves(voices: int, descriptors: Sequence[str]) -> Iterator[Leaf]:
    for command in (*SYSTEM_COMMANDS, *QUESTIONS):
        yield Leaf(command.address, command, ())
    for leaf in _steered(voices, descriptors):
        yield leaf
        if isinstance(leaf.target, Parameter) and leaf.target.is_continuous:
            yield Leaf(NORM + leaf.address, Norm(leaf.target), leaf.voices, leaf.is_short)


def _steered(voices: int, descriptors: Sequence[str]) -> Iterator[Leaf]:
    """Give what the whole and each voice can be told."""
    numbers = tuple(range(1, voices + 1))
    for name, parameter in MASTER.items():
        yield Leaf(address_of(name, 0), parameter, (0,))
    targets: dict[str, Parameter | VoiceCommand] = {
        **voice_parameters(descriptors),
        **{command.path: command for command in VOICE_COMMANDS},
    }
    folders = {command.address.rpartition("/")[0] for command in SYSTEM_COMMANDS}
    for path, target in targets.items():
        if path not in MASTER and f"/{path}" not in folders:
            yield Leaf(f"/{path}", target, numbers, is_short=True)
    for voice in numbers:
        for path, target in targets.items():
            yield Leaf(address_of(path, voice), target, (voice,))
