"""What can be set about learning."""

from dataclasses import asdict, dataclass, field
from typing import Any

from idiolect.config.learning import VocabularyConfig
from idiolect.corpus.settings import CorpusSettings
from idiolect.errors import ConfigError

__all__ = ["SIZES", "LearnSettings", "ModelShape", "TrainingSettings", "shape_for"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelShape:
    """The size of the network."""

    layers: int = 2
    width: int = 64
    heads: int = 4
    window: int = 64  # steps a step sees at most, itself included
    windows: tuple[int, ...] = ()  # steps a step of each scale sees; empty: the window

    def as_model(self) -> dict[str, Any]:
        """Give it as a bundle's manifest holds it; without windows where there are none."""
        return {name: value for name, value in asdict(self).items() if value != ()}


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSettings:
    """How the network is trained."""

    budget: float = 45.0  # seconds for training and finishing together
    max_steps: int = 3000
    batch: int = 8  # rows of two windows each
    rate: float = 4e-3  # of AdamW
    decay: float = 1.0  # weight decay of AdamW, on matrices
    dropout: float = 0.3
    parent_dropout: float = 0.5  # share of rows that are not told the parents
    descriptor_weight: float = 0.1  # of the predicted descriptors in the loss
    warmup: int = 40  # steps
    check_every: int = 25  # steps between looks at the validation units
    patience: int = 6  # looks without gain before it stops
    device: str = "auto"  # one of config.DEVICES

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not self.budget > 0:
            raise ConfigError(f"budget must be above 0 seconds, got {self.budget}")
        if self.max_steps < 0:
            raise ConfigError(f"max_steps must be 0 or more, got {self.max_steps}")


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnSettings:
    """Everything `learn` can be told."""

    seed: int = 0
    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)
    map: str = "pca"  # or umap
    training: TrainingSettings = field(default_factory=TrainingSettings)
    size: str = "auto"  # of the network: one of config.NETWORKS
    shape: ModelShape | None = None  # of the network; None: by its size

    def __post_init__(self) -> None:
        """Refuse seeds that not every generator takes."""
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed must be 0 to 4294967295, got {self.seed}")

    def shape_for(self, units: int) -> ModelShape:
        """Give the network's shape for so many units of the finest scale."""
        return self.shape or shape_for(self.size, units)


SIZES = {
    "tiny": ModelShape(layers=1, width=32, heads=2, window=32),
    "small": ModelShape(),
    "medium": ModelShape(layers=3, width=96, heads=6, window=96),
    "large": ModelShape(layers=4, width=128, heads=8, window=128),
}
"""Networks by the name of their size; a step of learning takes the large one 15 times as long as
the small one."""

LARGE = 20_000
"""Units of the finest scale from which the large network has enough to read."""


def shape_for(size: str, units: int) -> ModelShape:
    """Choose the network: by its size, which ``auto`` takes from the units of the finest scale."""
    if size != "auto":
        return SIZES[size]
    return SIZES["small" if units <= LARGE else "large"]
