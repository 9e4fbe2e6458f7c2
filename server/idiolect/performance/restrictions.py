"""What each voice was restricted to play, in the words that did."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import ControlError
from idiolect.performance.repertoire import Repertoire, restrict
from idiolect.performance.tongue import Tongue

__all__ = ["Restrictions"]


class Restrictions:
    """The voices, from 1, that may not play everything.

    Notes
    -----
    Control thread only.
    """

    def __init__(self) -> None:
        self._repertoires: dict[int, Repertoire] = {}
        self._words: dict[int, list[Any]] = {}

    def words(self, voice: int) -> list[Any] | None:
        """Say what a voice is restricted to, as JSON; None: nothing."""
        return self._words.get(voice)

    def repertoire(self, voice: int) -> Repertoire | None:
        """Give what a voice may play; None: everything."""
        return self._repertoires.get(voice)

    def prepare(
        self, voice: int, tongue: Tongue, scale: int, inside: NDArray[np.bool_]
    ) -> Repertoire:
        """List what a voice may play of a tongue, in which it speaks in that scale.

        Raises
        ------
        ControlError
            When nothing is left of the scale.
        """
        repertoire = restrict(tongue.inventory, inside)
        if not repertoire.counts[scale]:
            raise ControlError(
                f"that would leave nothing of scale {tongue.scales[scale]}, in which voice {voice} "
                "speaks: allow more, or change the scale first"
            )
        return repertoire

    def keep(self, voice: int, repertoire: Repertoire, words: list[Any]) -> None:
        """Note what a voice may play from now on."""
        self._repertoires[voice], self._words[voice] = repertoire, words

    def lift(self, voice: int) -> None:
        """Note that a voice may play everything."""
        self._repertoires.pop(voice, None)
        self._words.pop(voice, None)

    def check_scale(self, voice: int, tongue: Tongue, scale: int) -> None:
        """See whether a voice may speak in a scale.

        Raises
        ------
        ControlError
            When the tongue has none of that number, or nothing of it is allowed.
        """
        scales = tongue.scales
        if not 0 <= scale < len(scales):
            raise ControlError(f"no scale {scale}; there are {', '.join(scales)}")
        if voice in self._repertoires and not self._repertoires[voice].counts[scale]:
            raise ControlError(
                f"nothing of scale {scales[scale]} is allowed: send allow/all, or allow "
                "something of it"
            )
