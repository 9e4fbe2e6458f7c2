"""What can be set about cutting a corpus into units."""

from dataclasses import dataclass

from idiolect.errors import ConfigError

__all__ = ["CorpusSettings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusSettings:
    """How audio is stored and segmented; all lengths in seconds."""

    sample_rate: int = 48_000  # Hz, of the bundle
    grain: float = 0.08  # wanted length of a grain
    note_shortest: float = 0.06
    note_longest: float = 1.5  # longer notes are split into equal parts
    fewest_units: int = 16  # a coarser scale with fewer has no language to learn

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not 1000 <= self.sample_rate <= 768_000:
            raise ConfigError(f"sample_rate must be 1000 to 768000 Hz, got {self.sample_rate}")
        if not 0.005 <= self.grain <= 10:
            raise ConfigError(f"grain must be 0.005 to 10 seconds, got {self.grain}")
        if not 0.005 <= self.note_shortest < self.note_longest:
            raise ConfigError(
                "note_shortest must be at least 0.005 seconds and below note_longest, "
                f"got {self.note_shortest} and {self.note_longest}"
            )
