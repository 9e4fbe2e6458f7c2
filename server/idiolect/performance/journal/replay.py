"""A session played again: what the journal holds, put before the frames at which it was seen.

Planned anew, every grain is decided again from the changes, and must come out as it was; or the
grains are taken as they were planned, where another machine would decide otherwise.  Either way the
callback meets the same grains at the same frames, so it comes to run on where it did.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.grain import EVENT
from idiolect.performance.journal.deck import Deck, Render
from idiolect.performance.journal.lines import Line
from idiolect.performance.journal.records import CUT, HANDED, PLANNED, unpack
from idiolect.performance.journal.replanner import Replanner
from idiolect.performance.journal.setting import Setting, naming

__all__ = ["Find", "replay"]

Find = Callable[[str, str], Bundle]
"""Opens a bundle by its folder's name, which must have a digest, at the session's rate."""


def replay(
    lines: Iterable[tuple[int, Line | None]],
    bundle: Bundle,
    setting: Setting,
    *,
    anew: bool,
    find: Find | None = None,
    render: Render = Engine.render,
) -> Iterator[NDArray[np.float32]]:
    """Render a session.

    Parameters
    ----------
    lines : iterable of (int, Line or None)
        What a `Journal` wrote after its head, with the engine frame of each; None where all
        before the frame is told.
    bundle : Bundle
        At the session's rate.
    setting
        As it was.
    anew : bool
        Whether every grain is planned again, or taken as it was planned.
    find : callable, optional
        Opens what else was played.
    render : callable
        Asks the engine for its frames; another one may watch it do so.

    Yields
    ------
    float32[n, channels]
        What was heard, up to the last frame of which all is told.

    Raises
    ------
    ScoreError
        When a line makes no sense, or a grain comes out otherwise than it was.
    """
    deck = Deck(bundle, setting, render)
    replanner = Replanner(bundle, setting, deck) if anew else None
    events: NDArray[np.void] = np.empty(0, EVENT)
    for frame, line in lines:
        if line is None:
            order = np.argsort(events["frame"], kind="stable")
            due = order[events["frame"][order] < frame]
            for event in events[due]:
                yield from deck.render(int(event["frame"]))
                deck.obey(event)
            yield from deck.render(frame)
            events = np.delete(events, due)
            continue
        address, arguments = line
        with naming(f"{address} at {frame / setting.sample_rate:.3f} s"):
            if address == "/session/events":
                events = np.concatenate([events, unpack(EVENT, *arguments)])
            elif address == "/session/bundle":
                number, name, digest = arguments
                if find is None:
                    raise ValueError("there is no other bundle")
                found = find(str(name), str(digest))
                deck.add(int(number), found)  # type: ignore[call-overload]
                if replanner is not None:
                    replanner.add(int(number), found)  # type: ignore[call-overload]
            elif address == "/session/handed":
                deck.hand(unpack(HANDED, *arguments))
            elif replanner is not None:
                replanner.obey(address, arguments)
            elif address == "/session/planned":
                deck.queue(unpack(PLANNED, *arguments))
            elif address == "/session/cuts":
                deck.cut(unpack(CUT, *arguments))
