"""The settings of what learns: levels of segmentation, the network, the vocabulary."""

import itertools
import math
from dataclasses import dataclass

from idiolect.config.checks import among, within
from idiolect.errors import ConfigError

__all__ = [
    "CLUSTERINGS",
    "DEVICES",
    "METHODS",
    "NETWORKS",
    "SCALES",
    "LearnConfig",
    "ScaleSettings",
    "VocabularyConfig",
    "check_scales",
]

METHODS = ("fixed", "onset", "beat", "silence", "novelty", "structure")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleSettings:
    """A level of segmentation; lengths in seconds."""

    name: str
    method: str  # one of METHODS
    length: float = 0.0  # wanted; 0: the geometric middle of shortest and longest
    shortest: float
    longest: float
    context_seconds: float = 0.0  # what the network hears of the past; 0: its whole window

    def __post_init__(self) -> None:
        key = f"scale {self.name!r}"
        if not self.name or "/" in self.name or not self.name.isprintable():
            raise ConfigError(f"{key}: name must be a plain name, like 'note'")
        among(f"{key}: method", self.method, METHODS)
        within(f"{key}: shortest", self.shortest, 0.005, 3600, "seconds")
        least = f"seconds (at least twice shortest, {self.shortest:g})"
        within(f"{key}: longest", self.longest, 2 * self.shortest, 36_000, least)
        if self.length != 0:
            what = "seconds (shortest to longest, or 0: their middle)"
            within(f"{key}: length", self.length, self.shortest, self.longest, what)
        within(f"{key}: context_seconds", self.context_seconds, 0, 36_000, "seconds")

    @property
    def wanted(self) -> float:
        """The wanted length, seconds."""
        return self.length or math.sqrt(self.shortest * self.longest)


SCALES = (
    ScaleSettings(name="grain", method="fixed", length=0.08, shortest=0.02, longest=0.2),
    ScaleSettings(name="note", method="onset", shortest=0.06, longest=1.5),
    ScaleSettings(name="phrase", method="novelty", shortest=1.5, longest=8.0),
    ScaleSettings(name="section", method="structure", shortest=8.0, longest=60.0),
)
"""The scales there are when nothing else is said, finest first."""


def check_scales(key: str, scales: tuple[ScaleSettings, ...]) -> None:
    """Refuse lists of scales that cannot nest.

    Raises
    ------
    ConfigError
        When there is none, a name comes twice, or a scale is finer than the one before it.
    """
    if not scales:
        raise ConfigError(f"{key} must hold at least one scale, got none")
    names = [scale.name for scale in scales]
    for before, scale in itertools.pairwise(scales):
        if names.count(scale.name) > 1:
            raise ConfigError(f"{key}: name {scale.name!r} comes twice; give each its own")
        if scale.shortest < before.shortest or scale.longest < before.longest:
            raise ConfigError(
                f"{key}: {scale.name!r} ({scale.shortest:g} to {scale.longest:g} s) is finer than "
                f"{before.name!r} ({before.shortest:g} to {before.longest:g} s); list finest first"
            )


NETWORKS = ("auto", "tiny", "small", "medium", "large")
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnConfig:
    """How a corpus is learned."""

    budget_seconds: float = 45.0  # time the network may train
    seed: int = 0  # of every random choice while learning
    sample_rate: int = 48_000  # Hz of the bundle's audio
    descriptors: tuple[str, ...] = ()  # names, or groups like "mfcc"; empty: all
    silence_seconds: float = 0.0  # longer silences are cut down to that; 0: all is kept
    level_db: float = 0.0  # dBFS every source is brought to; 0: left as it is
    jobs: int = 0  # threads that analyse; 0: one for each processor
    size: str = "auto"  # of the network: auto, tiny, small, medium or large
    device: str = "auto"  # the network is trained on: cpu, cuda or mps; auto: cuda where it is
    map: str = "pca"  # how the picture of the units is laid out: pca, or umap
    scales: tuple[ScaleSettings, ...] = SCALES  # levels of segmentation, finest first

    def __post_init__(self) -> None:
        within("learn.budget_seconds", self.budget_seconds, 0.001, 1_000_000, "seconds")
        within("learn.seed", self.seed, 0, 2**32 - 1)
        within("learn.sample_rate", self.sample_rate, 1000, 768_000, "Hz")
        within("learn.silence_seconds", self.silence_seconds, 0, 3600, "seconds")
        within("learn.level_db", self.level_db, -60, 0, "dBFS")
        within("learn.jobs", self.jobs, 0, 1024)
        among("learn.size", self.size, NETWORKS)
        among("learn.device", self.device, DEVICES)
        among("learn.map", self.map, ("pca", "umap"))
        check_scales("learn.scales", self.scales)


CLUSTERINGS = ("auto", "kmeans", "dbscan", "hdbscan", "affinity")


@dataclass(frozen=True, kw_only=True, slots=True)
class VocabularyConfig:
    """How units become tokens."""

    method: str = "auto"  # k-means of a size that is found; or one of CLUSTERINGS
    size: int = 0  # wanted tokens of every scale; 0: found from the units
    eps: float = 0.0  # radius of a neighbourhood, for dbscan and hdbscan; 0: found
    min_size: int = 0  # units in a neighbourhood, or in a cluster; 0: found
    noise: str = "nearest"  # units in no cluster: in the nearest one, or with a token of their own

    def __post_init__(self) -> None:
        among("vocabulary.method", self.method, CLUSTERINGS)
        within("vocabulary.size", self.size, 0, 65_536, "tokens")
        within("vocabulary.eps", self.eps, 0, 1000)
        within("vocabulary.min_size", self.min_size, 0, 1_000_000, "units")
        among("vocabulary.noise", self.noise, ("nearest", "token"))
