"""A part of the address space whose parameters are attributes."""

import difflib
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from idiolect.client.messages import Reply

if TYPE_CHECKING:
    from idiolect.client.asynchronous import AsyncClient
    from idiolect.client.client import Client

__all__ = ["Link", "Parameter", "Place", "voice_address"]

Link = TypeVar("Link", "Client", "AsyncClient")
"""Who speaks to the daemon, and so whether what is read is there at once."""


def voice_address(number: int) -> str:
    """Return where a voice is.

    Raises
    ------
    ValueError
        When there can be none of that number.
    """
    if number < 1:
        raise ValueError(f"no voice {number}: they are counted from 1")
    return f"/voice/{number}"


class Place(Generic[Link]):
    """What lies below one address.

    Parameters
    ----------
    client : Client or AsyncClient
    prefix : str
        The address.

    Notes
    -----
    Items are everything there is below it, by its path: ``voice["bias/centroid"] = 1``.
    """

    __slots__ = ("_client", "_prefix")

    def __init__(self, client: Link, prefix: str) -> None:
        self._client: Any = client
        self._prefix = prefix

    def __repr__(self) -> str:
        return f"<{self._prefix}>"

    def send(self, path: str, *arguments: float | str) -> None:
        """Send one message and wait for nothing."""
        self._client.send(f"{self._prefix}/{path}", *arguments)

    @overload
    def ask(
        self: "Place[Client]",
        path: str,
        *arguments: float | str,
        timeout: float = 2.0,
        numbered: bool = False,
    ) -> Reply: ...

    @overload
    def ask(
        self: "Place[AsyncClient]",
        path: str,
        *arguments: float | str,
        timeout: float = 2.0,
        numbered: bool = False,
    ) -> Awaitable[Reply]: ...

    def ask(
        self, path: str, *arguments: float | str, timeout: float = 2.0, numbered: bool = False
    ) -> object:
        """Send one message and wait for its answer, as the client does."""
        return self._client.ask(
            f"{self._prefix}/{path}", *arguments, timeout=timeout, numbered=numbered
        )

    def __getitem__(self, path: str) -> Any:
        return self._client[f"{self._prefix}/{path}"]

    def __setitem__(self, path: str, value: float | str) -> None:
        self.send(path, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(self._missing(name), name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            raise AttributeError(self._missing(name), name=name, obj=self)
        object.__setattr__(self, name, value)

    def _missing(self, name: str) -> str:
        names = [n for n, found in vars(type(self)).items() if isinstance(found, Parameter)]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        return f"{self._prefix} has no {name}: {hint}"


class Parameter:
    """One parameter of a place: read as its attribute, and set as one."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, kind: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, place: None, kind: type) -> Self: ...

    @overload
    def __get__(self, place: "Place[Client]", kind: type) -> float: ...

    @overload
    def __get__(self, place: "Place[AsyncClient]", kind: type) -> Awaitable[float]: ...

    def __get__(self, place: Any, kind: type) -> object:
        return self if place is None else place[self._name]

    def __set__(self, place: "Place[Any]", value: float | str) -> None:
        place[self._name] = value
