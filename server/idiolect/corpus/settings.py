"""What can be set about cutting a corpus into units."""

from dataclasses import dataclass

from idiolect.config.learning import SCALES, ScaleSettings, check_scales
from idiolect.corpus.description.columns import select
from idiolect.corpus.description.custom import load
from idiolect.errors import ConfigError

__all__ = ["CorpusSettings", "ScaleSettings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusSettings:
    """How audio is stored and segmented."""

    sample_rate: int = 48_000  # Hz, of the bundle
    scales: tuple[ScaleSettings, ...] = SCALES  # finest first
    fewest_units: int = 16  # a coarser scale with fewer has no language to learn
    descriptors: tuple[str, ...] = ()  # names, or groups of names; empty: all
    silence_seconds: float = 0.0  # longer silences are cut down to that; 0: all is kept
    level_db: float = 0.0  # dBFS every source is brought to; 0: left as it is
    jobs: int = 0  # threads; 0: one for each processor

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not 1000 <= self.sample_rate <= 768_000:
            raise ConfigError(f"sample_rate must be 1000 to 768000 Hz, got {self.sample_rate}")
        check_scales("scales", self.scales)
        for column in select(self.descriptors):
            if ":" in column.name:
                load(column.name)

    @property
    def scale_names(self) -> tuple[str, ...]:
        """The scales that are asked for, finest first."""
        return tuple(scale.name for scale in self.scales)
