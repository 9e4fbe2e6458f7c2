"""Let a bundle speak at several settings, and measure what it says."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.parameters.table import VOICE
from idiolect.performance.rehearsal import Rehearsal
from idiolect.speech.copies import measure_copies
from idiolect.speech.repetition import WINDOW, measure_repetition
from idiolect.speech.said import Said

__all__ = ["CONTINUITIES", "TEMPERATURES", "measure_speech", "measure_usage"]

SEED = 0
SECONDS = 600.0  # heard at each setting, at least,
UNITS = 600  # and so many units of a coarse scale
STRETCHES = 20  # in which what is heard is divided, to see whether it changes

CONTINUITIES = (0.0, 0.25, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.0)
TEMPERATURES = (0.0, 0.5, 1.0, 1.5)
USUAL = {name: float(VOICE[name].default) for name in ("continuity", "temperature")}


def measure_speech(bundle: Bundle, scales: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Let a bundle speak in some of its scales, and measure what it says.

    Parameters
    ----------
    bundle
        What speaks.
    scales
        Indices, 0 is the finest.

    Returns
    -------
    dict
        By name of the scale, plain values for JSON, None where too little was heard::

            seed, seconds  heard at each setting, from an empty context
            usual       {continuity, temperature}, the settings while the other is turned
            copies      {corpus, continuity, temperature}, see `measure_copies`
            repetition  {window, corpus, continuity, temperature}, see `measure_repetition`
            entropy     bits of the tokens' distributions that were drawn from:
                        {stretch: seconds, bits: [mean of each], continuity, temperature}
            vocabulary  at the usual settings, see `measure_usage`, with the ``counts``
            units       at the usual settings: {heard, different, of: units of the corpus}

        ``continuity`` and ``temperature`` are lists, each entry with its value as ``at``; for
        ``corpus`` the units are taken in their own order.
    """
    rehearsal = Rehearsal(bundle)
    return {bundle.scales[s].name: _plain(_Speech(bundle, rehearsal, s).measure()) for s in scales}


def measure_usage(tokens: NDArray[np.integer[Any]], size: int) -> dict[str, Any]:
    """Say how evenly a vocabulary is used: by as many tokens as would be, used alike."""
    share = np.bincount(tokens, minlength=size) / len(tokens)
    share = share[share > 0]
    entropy = float(-(share * np.log2(share)).sum())
    return {
        "tokens": size,
        "used": len(share),
        "entropy_bits": round(entropy, 6),
        "used_alike": round(2.0**entropy, 3),
    }


class _Speech:
    """One scale of a bundle, heard at one setting after the other."""

    def __init__(self, bundle: Bundle, rehearsal: Rehearsal, scale: int) -> None:
        self._scale, self._index = bundle.scales[scale], scale
        self._rate, self._rehearsal = bundle.sample_rate, rehearsal
        mean = float(self._scale.units["length"].mean()) / self._rate
        self._seconds = max(SECONDS, float(math.ceil(UNITS * mean)))
        self._known: dict[tuple[float, float], NDArray[np.void]] = {}

    def measure(self) -> dict[str, Any]:
        """Take every figure."""
        corpus, usual = Said.corpus(self._scale, self._rate), self._speak({})
        settings = {"continuity": CONTINUITIES, "temperature": TEMPERATURES}
        turned = {
            name: [(value, self._speak({name: value})) for value in values]
            for name, values in settings.items()
        }
        heard = {
            name: [(value, self._said(steps)) for value, steps in points]
            for name, points in turned.items()
        }
        size, count = self._scale.token_count, len(self._scale.units)
        return {
            "seed": SEED,
            "seconds": self._seconds,
            "usual": USUAL,
            "copies": {"corpus": measure_copies(corpus)}
            | {n: [{"at": v} | measure_copies(s) for v, s in own] for n, own in heard.items()},
            "repetition": {"window": WINDOW, "corpus": measure_repetition(corpus)}
            | {n: [{"at": v} | measure_repetition(s) for v, s in own] for n, own in heard.items()},
            "entropy": self._over_time(usual)
            | {n: [{"at": v, "mean": _entropy(s)} for v, s in own] for n, own in turned.items()},
            "vocabulary": measure_usage(usual["token"], size)
            | {"counts": np.bincount(usual["token"], minlength=size).tolist()},
            "units": {
                "heard": len(usual),
                "different": len(np.unique(usual["unit"])),
                "of": count,
            },
        }

    def _speak(self, turned: dict[str, float]) -> NDArray[np.void]:
        """Give the steps at some setting, those of equal settings only once."""
        settings = USUAL | turned
        key = settings["continuity"], settings["temperature"]
        if key not in self._known:
            self._known[key] = self._rehearsal.speak(
                self._index, self._seconds, seed=SEED, parameters=settings
            )
        return self._known[key]

    def _said(self, steps: NDArray[np.void]) -> Said:
        return Said.of(self._scale, steps["unit"], self._rate)

    def _over_time(self, steps: NDArray[np.void]) -> dict[str, Any]:
        """Give the mean entropy of each stretch; one that no unit begins in has none."""
        stretch = self._seconds / STRETCHES
        place = np.minimum(steps["onset"] / (stretch * self._rate), STRETCHES - 1).astype(np.int64)
        sums = np.bincount(place, steps["entropy"], STRETCHES)
        counts = np.bincount(place, minlength=STRETCHES)
        bits = np.divide(sums, counts, out=np.full(STRETCHES, np.nan), where=counts > 0)
        return {"stretch": stretch, "bits": bits.tolist()}


def _entropy(steps: NDArray[np.void]) -> float:
    return float(steps["entropy"].mean())


def _plain(value: Any) -> Any:
    """Give values for JSON: floats with six decimals, None for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
