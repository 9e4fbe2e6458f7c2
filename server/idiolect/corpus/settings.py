"""What can be set about cutting a corpus into units."""

from dataclasses import dataclass

from idiolect.config import SCALES, ScaleSettings, check_scales
from idiolect.errors import ConfigError

__all__ = ["CorpusSettings", "ScaleSettings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusSettings:
    """How audio is stored and segmented."""

    sample_rate: int = 48_000  # Hz, of the bundle
    scales: tuple[ScaleSettings, ...] = SCALES  # finest first
    fewest_units: int = 16  # a coarser scale with fewer has no language to learn

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not 1000 <= self.sample_rate <= 768_000:
            raise ConfigError(f"sample_rate must be 1000 to 768000 Hz, got {self.sample_rate}")
        check_scales("scales", self.scales)
