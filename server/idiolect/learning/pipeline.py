"""From folders to a bundle: decode, segment, describe, cluster, train, write."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect import __version__
from idiolect.bundle import FORMAT, writing
from idiolect.corpus.analysis import Analysis, Described, analyse
from idiolect.corpus.columns import select
from idiolect.corpus.edges import scale_edges
from idiolect.corpus.segment import Segmented
from idiolect.errors import BundleError, ConfigError
from idiolect.learning.evaluation import Evaluation
from idiolect.learning.page.writing import write_page
from idiolect.learning.report import Report, ScaleReport
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import LearnSettings
from idiolect.learning.sizes import SizeChoice, choose_size
from idiolect.learning.split import TRAIN, VALIDATION, Split, split
from idiolect.learning.teaching import Material, Taught, teach
from idiolect.learning.writing import digest, write_memory, write_scale, write_weights
from idiolect.vocabulary.map import lay_out
from idiolect.vocabulary.standardise import fit, standardise
from idiolect.vocabulary.vocabulary import Vocabulary

__all__ = ["STAGES", "learn"]

STAGES = ("decode", "segment", "describe", "cluster", "train", "finish", "write")
UNITS_EACH = 3  # training units a token has on average, at the least, at coarse scales
LONGEST_GAP = 6.0  # seconds; coarse scales look back further than a corpus can spare

Progress = Callable[[str, float, float], None]


def learn(
    folders: list[Path], output: Path, *, settings: LearnSettings, progress: Progress
) -> Report:
    """Learn the language of a corpus and write it as a bundle.

    Parameters
    ----------
    folders
        Where the audio is.
    output
        The bundle to write; an older bundle of that name is replaced when all went well.
    settings
        How.
    progress
        Called with the stage, how much of it is done, and how much it is in all.

    Returns
    -------
    Report
        What was used, what was not, and the figures.

    Raises
    ------
    CorpusError
        When there is no usable audio.
    ConfigError
        When `output` is there and is not a bundle.
    BundleError
        When it cannot be written.
    """
    if output.exists() and not (output / "manifest.json").is_file():
        raise ConfigError(f"{output} is there and is not a bundle; give another name with -o")
    try:
        with writing(output) as folder:
            return _Work(folder, output.name, output, settings, progress).run(folders)
    except OSError as error:
        raise BundleError(f"cannot write {output}: {error}; check the disk and rights") from error


@dataclass(frozen=True, slots=True)
class _Named:
    """One scale's arrays, as they are written, and how its vocabulary came about."""

    segmented: Segmented
    descriptors: NDArray[np.float32]
    present: NDArray[np.bool_]
    edges: NDArray[np.float32]
    scaler: NDArray[np.float32]
    kinds: NDArray[np.int64]
    vocabulary: Vocabulary
    exemplars: NDArray[np.int64]
    map: NDArray[np.float32]
    size: SizeChoice | None  # None: the size was not looked for

    @property
    def centroids(self) -> NDArray[np.float32]:
        """Mean of each token's training units, float32[tokens, descriptors]."""
        return self.vocabulary.centroids_

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give what is written of it, by file name."""
        return {
            "units": self.segmented.units,
            "descriptors": self.descriptors,
            "present": self.present,
            "edges": self.edges,
            "centroids": self.centroids,
            "scaler": self.scaler,
            "prototypes": self.vocabulary.prototypes_,
            "prototype_tokens": self.vocabulary.prototype_tokens_,
            "exemplars": self.exemplars,
            "spread": self.vocabulary.spread_,
            "map": self.map,
        }


@dataclass
class _Work:
    """One run: what every stage needs, and the seconds each took."""

    folder: Path
    name: str
    earlier: Path  # where an older bundle may be
    settings: LearnSettings
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, folders: list[Path]) -> Report:
        """Do all stages in turn."""
        corpus = self.settings.corpus
        analysis = analyse(folders, self.folder, corpus, self.earlier, self._stage)
        division = self._divide(analysis)
        scales = self._name(analysis, division)
        shape = self.settings.shape_for(len(scales[0].segmented.units))
        material = _material(scales, corpus.sample_rate)
        taught = teach(material, shape, self.settings.training, self.settings.seed, self._stage)
        report = Report(
            bundle=self.name,
            sources=[asdict(source) for source in analysis.stored.sources],
            skipped=[asdict(skipped) for skipped in analysis.stored.skipped],
            scales=[
                _scale_report(scale, corpus.sample_rate, own)
                for scale, own in zip(scales, taught.evaluations, strict=True)
            ],
            left_out=analysis.left_out,
            model=asdict(shape),
            training=taught.training,
            audio_seconds=len(analysis.audio) / corpus.sample_rate,
            reused=sum(known >= 0 for known in analysis.stored.known),
        )
        return self._write(report, analysis, scales, taught, division)

    @contextmanager
    def _stage(self, name: str) -> Iterator[Callable[[float, float], None]]:
        """Time a stage and tell of its beginning and end."""
        began = time.monotonic()
        self.progress(name, 0, 1)
        yield lambda done, total: self.progress(name, done, total)
        self.progress(name, 1, 1)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def _name(self, analysis: Analysis, division: Split) -> list[_Named]:
        """Give every unit its token; scalers and vocabularies see the training units alone."""
        kinds = _kinds([scale.segmented.units for scale in analysis.scales], division)
        with self._stage("cluster") as tick:
            scales = []
            for index, (scale, sets) in enumerate(zip(analysis.scales, kinds, strict=True)):
                scales.append(self._vocabulary(scale, sets, coarse=index > 0))
                tick(index + 1, len(analysis.scales))
        return scales

    def _divide(self, analysis: Analysis) -> Split:
        """Divide the audio into what is learned from and what is held out."""
        rate = self.settings.corpus.sample_rate
        units = [scale.segmented.units for scale in analysis.scales]
        window = self.settings.shape_for(len(units[0])).window
        context = min(
            max(window * float(np.median(own["length"])) for own in units) / rate, LONGEST_GAP
        )
        starts = np.array([source.start for source in analysis.stored.sources], np.int64)
        return split(len(analysis.audio), starts, rate, context)

    def _vocabulary(self, scale: Described, kinds: NDArray[np.int64], *, coarse: bool) -> _Named:
        known = kinds == TRAIN
        columns = select(self.settings.corpus.descriptors)
        least = np.array([column.least for column in columns], np.float32)
        weight = np.array([column.weight for column in columns], np.float32)
        scaler = fit(scale.values[known], scale.present[known], least, weight)
        descriptors = standardise(scale.values, scale.present, scaler)
        seed, wanted = self.settings.seed, self.settings.vocabulary
        choice = None
        if wanted.method == "auto" and not wanted.size:
            units = scale.segmented.units
            seconds = float(units["length"].mean()) / self.settings.corpus.sample_rate
            choice = choose_size(descriptors, kinds, units["source"], seconds, seed)
            wanted = replace(wanted, size=choice.chosen)
        elif coarse:  # a size is wanted for all scales, and the coarse ones have few units
            most = max(1, int(known.sum()) // UNITS_EACH)
            wanted = replace(wanted, size=min(wanted.size, most))
        vocabulary = Vocabulary(wanted, seed).fit(descriptors[known])
        scale.segmented.units["token"] = vocabulary.assign(descriptors)
        return _Named(
            segmented=scale.segmented,
            descriptors=descriptors,
            present=scale.present,
            edges=scale_edges(scale.edges),
            scaler=scaler,
            kinds=kinds,
            vocabulary=vocabulary,
            exemplars=np.flatnonzero(known)[vocabulary.exemplars_],
            map=lay_out(descriptors, known, self.settings.map, seed),
            size=choice,
        )

    def _write(
        self,
        report: Report,
        analysis: Analysis,
        scales: list[_Named],
        taught: Taught,
        division: Split,
    ) -> Report:
        """Write all but the audio, which is there, and the manifest last."""
        with self._stage("write"):
            for scale, memory in zip(scales, taught.memories, strict=True):
                place = self.folder / "scales" / scale.segmented.name
                write_scale(place, scale.arrays())
                write_memory(place / "memory.safetensors", memory)
            write_weights(self.folder / "model.safetensors", taught.network)
            manifest = {
                "format": FORMAT,
                "idiolect": __version__,
                "sample_rate": self.settings.corpus.sample_rate,
                "channels": analysis.stored.channels,
                "seed": self.settings.seed,
                "settings": asdict(self.settings),
                "sources": report.sources,
                "skipped": report.skipped,
                "scales": [
                    {"name": s.name, "method": s.method, "memory_weight": s.memory_weight}
                    for s in report.scales
                ],
                "split": {"edges": division.edges.tolist(), "kinds": division.kinds.tolist()},
                "descriptors": [c.name for c in select(self.settings.corpus.descriptors)],
                "model": report.model,
            }
            content = digest(self.folder, manifest)
        report = replace(
            report, hash=content, seconds={k: round(v, 3) for k, v in self.seconds.items()}
        )
        manifest |= {"hash": content, "report": report.as_json()}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (self.folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        write_page(self.folder, manifest)
        return report


def _kinds(units: list[NDArray[np.void]], division: Split) -> list[NDArray[np.int64]]:
    """Give the set of each unit of each scale; all train where too little can be held out."""
    kinds = [division.of(own) for own in units]
    if (kinds[0] == TRAIN).any() and (kinds[0] == VALIDATION).any():
        return [k if (k == TRAIN).any() else np.full(len(k), TRAIN) for k in kinds]
    return [np.full(len(own), TRAIN) for own in units]


def _material(scales: list[_Named], rate: int) -> Material:
    return Material(
        sequences=_sequences(scales),
        centroids=[scale.centroids for scale in scales],
        seconds=[float(s.segmented.units["length"].mean()) / rate for s in scales],
    )


def _sequences(scales: list[_Named]) -> list[Sequence]:
    sequences: list[Sequence] = []
    offsets = np.cumsum([0, *(len(scale.centroids) for scale in scales)])
    for index, scale in enumerate(scales):
        units = scale.segmented.units
        parents = np.full(len(units), -1, np.int64)
        if index + 1 < len(scales):
            above = scales[index + 1].segmented.units["token"] + offsets[index + 1]
            parents = np.where(units["parent"] < 0, -1, above[units["parent"]])
        sequences.append(
            Sequence(
                name=scale.segmented.name,
                scale=index,
                offset=int(offsets[index]),
                size=len(scale.centroids),
                tokens=units["token"].astype(np.int64),
                descriptors=scale.descriptors,
                present=scale.present,
                kinds=scale.kinds,
                sources=units["source"].astype(np.int64),
                parents=parents,
            )
        )
    return sequences


def _scale_report(scale: _Named, rate: int, judged: Evaluation) -> ScaleReport:
    return ScaleReport(
        name=scale.segmented.name,
        method=scale.segmented.method,
        units=len(scale.segmented.units),
        tokens=len(scale.centroids),
        median_seconds=float(np.median(scale.segmented.units["length"])) / rate,
        vocabulary=scale.vocabulary.settings.method,
        notes=scale.vocabulary.notes_,
        size_choice=None if scale.size is None else asdict(scale.size),
        memory_weight=judged.weight,
        speaks=judged.note,
        figures=judged.figures,
    )
