"""Give every unit of every scale its token, and lay out what is to be learned."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.config.learning import VocabularyConfig
from idiolect.corpus.analysis import Described
from idiolect.corpus.description.columns import select
from idiolect.corpus.description.edges import scale_edges
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import LearnSettings
from idiolect.learning.sizes import SizeChoice, choose_size
from idiolect.learning.split import TRAIN
from idiolect.learning.teaching import Material
from idiolect.vocabulary.map import lay_out
from idiolect.vocabulary.standardise import fit, standardise
from idiolect.vocabulary.vocabulary import Vocabulary

__all__ = ["Named", "name_scale", "to_material"]

UNITS_EACH = 3  # training units a token has on average, at the least, at coarse scales


@dataclass(frozen=True, slots=True)
class Named:
    """One scale with a vocabulary made from its training units."""

    described: Described
    kinds: NDArray[np.int64]  # (units,), the set of each
    scaler: NDArray[np.float32]
    descriptors: NDArray[np.float32]  # (units, descriptors), standardised
    vocabulary: Vocabulary
    tokens: NDArray[np.int64]  # (units,)
    size: SizeChoice | None  # None: the size was not looked for

    @property
    def name(self) -> str:
        """What the scale is called."""
        return str(self.described.segmented.name)

    @property
    def units(self) -> NDArray[np.void]:
        """UNIT[units] with their tokens."""
        units = self.described.segmented.units.copy()
        units["token"] = self.tokens
        return units

    def arrays(self, how: str, seed: int) -> dict[str, NDArray[Any]]:
        """Give what is written of it, by file name.

        Parameters
        ----------
        how, seed
            The map is laid out.
        """
        known = self.kinds == TRAIN
        return {
            "units": self.units,
            "descriptors": self.descriptors,
            "present": self.described.present,
            "edges": scale_edges(self.described.edges),
            "centroids": self.vocabulary.centroids_,
            "scaler": self.scaler,
            "prototypes": self.vocabulary.prototypes_,
            "prototype_tokens": self.vocabulary.prototype_tokens_,
            "exemplars": np.flatnonzero(known)[self.vocabulary.exemplars_],
            "spread": self.vocabulary.spread_,
            "map": lay_out(self.descriptors, known, how, seed),
        }


def name_scale(
    scale: Described,
    kinds: NDArray[np.int64],
    wanted: VocabularyConfig,
    settings: LearnSettings,
    *,
    coarse: bool,
) -> Named:
    """Make a scale's vocabulary, and name its units.

    Parameters
    ----------
    scale
        Its units, described.
    kinds : int64[units]
        The set of each; scaler and vocabulary see the training units alone.
    wanted
        The vocabulary.
    settings
        The descriptors that count, the rate, and the seed.
    coarse
        Whether there is a finer scale: then a wanted size may be more than its units allow.
    """
    known = kinds == TRAIN
    columns = select(settings.corpus.descriptors)
    least = np.array([column.least for column in columns], np.float32)
    weight = np.array([column.weight for column in columns], np.float32)
    scaler = fit(scale.values[known], scale.present[known], least, weight)
    descriptors = standardise(scale.values, scale.present, scaler)
    choice = None
    if wanted.method == "auto" and not wanted.size:
        units = scale.segmented.units
        seconds = float(units["length"].mean()) / settings.corpus.sample_rate
        choice = choose_size(descriptors, kinds, units["source"], seconds, settings.seed)
        wanted = replace(wanted, size=choice.chosen)
    elif coarse:  # a size is wanted for all scales, and the coarse ones have few units
        most = max(1, int(known.sum()) // UNITS_EACH)
        wanted = replace(wanted, size=min(wanted.size, most))
    vocabulary = Vocabulary(wanted, settings.seed).fit(descriptors[known])
    tokens = vocabulary.assign(descriptors).astype(np.int64)
    return Named(scale, kinds, scaler, descriptors, vocabulary, tokens, choice)


def to_material(scales: list[Named], rate: int) -> Material:
    """Lay out all scales as the network reads them.

    Parameters
    ----------
    scales
        Finest first.
    rate
        Frames per second.
    """
    sequences: list[Sequence] = []
    sizes = [len(scale.vocabulary.centroids_) for scale in scales]
    offsets = np.cumsum([0, *sizes])
    for index, scale in enumerate(scales):
        units = scale.described.segmented.units
        parents = np.full(len(units), -1, np.int64)
        if index + 1 < len(scales):
            above = scales[index + 1].tokens + offsets[index + 1]
            parents = np.where(units["parent"] < 0, -1, above[units["parent"]])
        sequences.append(
            Sequence(
                name=scale.name,
                scale=index,
                offset=int(offsets[index]),
                size=sizes[index],
                tokens=scale.tokens,
                descriptors=scale.descriptors,
                present=scale.described.present,
                kinds=scale.kinds,
                sources=units["source"].astype(np.int64),
                parents=parents,
            )
        )
    return Material(
        sequences=sequences,
        centroids=[scale.vocabulary.centroids_ for scale in scales],
        seconds=[float(s.described.segmented.units["length"].mean()) / rate for s in scales],
    )
