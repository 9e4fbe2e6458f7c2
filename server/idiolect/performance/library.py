"""The bundles that are loaded, by name, and how one comes to be: on a thread of its own.

What is loaded becomes known on the control thread.  So the future of something that has to be
loaded first gives no result but a *step*: a function to be called there, which goes on.
"""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from idiolect.bundle.bundle import Bundle
from idiolect.errors import ControlError
from idiolect.parameters.table import MOST_BUNDLES
from idiolect.performance.futures import Loading
from idiolect.performance.tongue import Tongue
from idiolect.performance.tongues import Tongues

__all__ = ["Library", "Shelf"]

GoOn = Callable[[Tongue], "Future[Any]"]
_OPENED = 0.9  # of the time it takes to load a bundle


class Shelf(Protocol):
    """Where bundles come from."""

    def names(self) -> list[str]:
        """Name what can be opened.  Control thread."""

    def open(self, name: str, tell: Callable[[str, float], None] = ...) -> Bundle:
        """Open one, at the engine's rate.  Any thread; may take seconds, and fail.

        `tell` gets what is done and how much of it was, 0 to 1.
        """


class Library:
    """Loads bundles and knows them by name.

    Parameters
    ----------
    tongues : Tongues
        The planner's.
    first : Tongue
        The one that is loaded from the start.
    shelf : Shelf, optional
        Without it no other can be.

    Notes
    -----
    Control thread only.
    """

    def __init__(self, tongues: Tongues, first: Tongue, shelf: Shelf | None = None) -> None:
        self._tongues = tongues
        self._shelf = shelf
        self._loaded = {first.bundle.name: first}
        self.descriptors = first.descriptors  # names, of all that is loaded
        self._loading: dict[str, Loading[Tongue]] = {}
        self._one_by_one = threading.Lock()  # so that several take no more processors than one

    def names(self) -> dict[str, bool]:
        """Name every bundle there is, and say whether it is loaded."""
        there = self._shelf.names() if self._shelf is not None else []
        return {name: name in self._loaded for name in [*self._loaded, *there]}

    def fetch(self, name: str, go_on: GoOn) -> "Future[Any]":
        """Go on with a bundle at once where it is loaded, else load it first.

        Returns
        -------
        Future
            What `go_on` returned; or a `Loading` of the step that will go on, once it is loaded.

        Raises
        ------
        ControlError
            When it can be told at once that it cannot be loaded.
        """
        name = name.removesuffix(".idiolect")
        if name in self._loaded:
            return go_on(self._loaded[name])
        loading = self._loading.get(name) or self._load(name)
        step: Loading[Any] = Loading()
        loading.watch(step.tell)
        loading.add_done_callback(lambda done: _promise_step(step, done, self._admit, name, go_on))
        return step

    def bring(self, name: str) -> Tongue:
        """Give a bundle, after loading it here where it is not yet loaded.

        Raises
        ------
        IdiolectError
            When it cannot be loaded.
        """
        if name not in self._loaded:
            if self._shelf is None:
                raise _no_folder(name)
            self._keep(name, Tongue(self._shelf.open(name), self._tongues.plan))
        return self._loaded[name]

    def release(self, name: str, spoken: Collection[Tongue]) -> None:
        """Unload a bundle.

        Parameters
        ----------
        name : str
        spoken
            What voices were told to speak.

        Raises
        ------
        ControlError
            When it is not loaded, or spoken.
        """
        name = name.removesuffix(".idiolect")
        tongue = self._loaded.get(name)
        if tongue is None:
            raise ControlError(f"{name[:64]!r} is not loaded; there is {', '.join(self._loaded)}")
        if tongue in spoken:
            raise ControlError(f"{name} is played: move its voices to another bundle first")
        del self._loaded[name]
        self._tongues.remove(tongue)
        self._survey()

    def _keep(self, name: str, tongue: Tongue) -> None:
        self._loaded[name] = self._tongues.add(tongue)
        self._survey()

    def _survey(self) -> None:
        names = (name for tongue in self._loaded.values() for name in tongue.descriptors)
        self.descriptors = tuple(dict.fromkeys(names))

    def _load(self, name: str) -> "Loading[Tongue]":
        if self._shelf is None:
            raise _no_folder(name)
        if len(self._loaded) + len(self._loading) >= MOST_BUNDLES:
            raise ControlError(
                f"there is room for {MOST_BUNDLES} bundles: unload one with /bundle/unload"
            )
        loading: Loading[Tongue] = Loading()
        self._loading[name] = loading
        work = partial(self._work, self._shelf, name, loading)
        threading.Thread(target=work, name="bundle", daemon=True).start()
        return loading

    def _work(self, shelf: Shelf, name: str, loading: "Loading[Tongue]") -> None:
        try:
            with self._one_by_one:
                bundle = shelf.open(name, lambda what, share: loading.tell(what, _OPENED * share))
                loading.tell("preparing", _OPENED)
                tongue = Tongue(bundle, self._tongues.plan)
        except Exception as error:  # the border of this thread: whoever asked is told
            del self._loading[name]
            loading.set_exception(error)
        else:
            loading.set_result(tongue)

    def _admit(self, name: str, tongue: Tongue, go_on: GoOn) -> "Future[Any]":
        """Make a bundle known that was loaded, unless another was quicker, and go on with it."""
        self._loading.pop(name, None)
        if name not in self._loaded:
            self._keep(name, tongue)
        return go_on(self._loaded[name])


def _no_folder(name: str) -> ControlError:
    return ControlError(
        f"no bundle {name[:64]!r}: name a folder as control.bundles in the settings"
    )


def _promise_step(
    step: "Future[Any]",
    loading: "Future[Tongue]",
    admit: Callable[[str, Tongue, GoOn], "Future[Any]"],
    name: str,
    go_on: GoOn,
) -> None:
    error = loading.exception()
    if error is not None:
        step.set_exception(error)
    else:
        step.set_result(partial(admit, name, loading.result(), go_on))
