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
from idiolect.learning.network import Network
from idiolect.learning.page.writing import write_page
from idiolect.learning.report import Report, ScaleReport, figures
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import LearnSettings, ModelShape
from idiolect.learning.sizes import SizeChoice, choose_size
from idiolect.learning.split import TRAIN, VALIDATION, split
from idiolect.learning.training import Trained, everything, fresh, train
from idiolect.learning.writing import digest, write_weights
from idiolect.vocabulary.map import lay_out
from idiolect.vocabulary.standardise import fit, standardise
from idiolect.vocabulary.vocabulary import Vocabulary

__all__ = ["STAGES", "learn"]

STAGES = ("decode", "segment", "describe", "cluster", "train", "finish", "write")
UNITS_EACH = 3  # training units a token has on average, at the least, at coarse scales
LONGEST_GAP = 6.0  # seconds; coarse scales look back further than a corpus can spare
TRAIN_SHARE = 0.55  # of the budget; finishing on all audio takes no more steps, so no more time

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
        scales = self._name(analysis)
        shape = self.settings.shape_for(len(scales[0].segmented.units))
        first, judged = self._train(scales, shape)
        last = self._finish(scales, shape, first)
        report = Report(
            bundle=self.name,
            sources=[asdict(source) for source in analysis.stored.sources],
            skipped=[asdict(skipped) for skipped in analysis.stored.skipped],
            scales=[
                _scale_report(scale, corpus.sample_rate, judged, first.network, index)
                for index, scale in enumerate(scales)
            ],
            left_out=analysis.left_out,
            model=asdict(shape),
            training=_training(first, last),
            audio_seconds=len(analysis.audio) / corpus.sample_rate,
            reused=sum(known >= 0 for known in analysis.stored.known),
        )
        return self._write(report, analysis, scales, last.network)

    @contextmanager
    def _stage(self, name: str) -> Iterator[Callable[[float, float], None]]:
        """Time a stage and tell of its beginning and end."""
        began = time.monotonic()
        self.progress(name, 0, 1)
        yield lambda done, total: self.progress(name, done, total)
        self.progress(name, 1, 1)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def _name(self, analysis: Analysis) -> list[_Named]:
        """Give every unit its token; scalers and vocabularies see the training units alone."""
        kinds = self._divide(analysis)
        with self._stage("cluster") as tick:
            scales = []
            for index, (scale, sets) in enumerate(zip(analysis.scales, kinds, strict=True)):
                scales.append(self._vocabulary(scale, sets, coarse=index > 0))
                tick(index + 1, len(analysis.scales))
        return scales

    def _divide(self, analysis: Analysis) -> list[NDArray[np.int64]]:
        """Give the set of each unit of each scale; all train where too little can be held out."""
        rate = self.settings.corpus.sample_rate
        units = [scale.segmented.units for scale in analysis.scales]
        window = self.settings.shape_for(len(units[0])).window
        context = min(
            max(window * float(np.median(own["length"])) for own in units) / rate, LONGEST_GAP
        )
        starts = np.array([source.start for source in analysis.stored.sources], np.int64)
        division = split(len(analysis.audio), starts, rate, context)
        kinds = [division.of(own) for own in units]
        if (kinds[0] == TRAIN).any() and (kinds[0] == VALIDATION).any():
            return [k if (k == TRAIN).any() else np.full(len(k), TRAIN) for k in kinds]
        return [np.full(len(own), TRAIN) for own in units]

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

    def _train(self, scales: list[_Named], shape: ModelShape) -> tuple[Trained, list[Sequence]]:
        sequences = _sequences(scales)
        seed, training = self.settings.seed, self.settings.training
        limit = replace(training, budget=training.budget * TRAIN_SHARE)
        if not any((s.kinds == VALIDATION).any() for s in sequences):
            limit = replace(limit, max_steps=0)  # nothing could say when to stop
        with self._stage("train") as tick:
            network = fresh(sequences, _centroids(scales), shape, training.dropout, seed)
            return train(network, sequences, limit, seed, tick), sequences

    def _finish(self, scales: list[_Named], shape: ModelShape, first: Trained) -> Trained:
        """Train the network that is shipped on all audio, for as many steps."""
        sequences = everything(_sequences(scales))
        seed, training = self.settings.seed, self.settings.training
        rest = max(1.0, training.budget - first.seconds)
        limit = replace(training, budget=rest, max_steps=first.steps)
        with self._stage("finish") as tick:
            network = fresh(sequences, _centroids(scales), shape, training.dropout, seed)
            return train(network, sequences, limit, seed, tick)

    def _write(
        self, report: Report, analysis: Analysis, scales: list[_Named], network: Network
    ) -> Report:
        """Write all but the audio, which is there, and the manifest last."""
        with self._stage("write"):
            for scale in scales:
                _write_scale(self.folder / "scales" / scale.segmented.name, scale)
            write_weights(self.folder / "model.safetensors", network)
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
                    {"name": s.segmented.name, "method": s.segmented.method} for s in scales
                ],
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


def _centroids(scales: list[_Named]) -> list[NDArray[np.float32]]:
    return [scale.centroids for scale in scales]


def _sequences(scales: list[_Named]) -> list[Sequence]:
    sequences, offset = [], 0
    for index, scale in enumerate(scales):
        sequences.append(
            Sequence(
                name=scale.segmented.name,
                scale=index,
                offset=offset,
                size=len(scale.centroids),
                tokens=scale.segmented.units["token"].astype(np.int64),
                descriptors=scale.descriptors,
                present=scale.present,
                kinds=scale.kinds,
                sources=scale.segmented.units["source"].astype(np.int64),
            )
        )
        offset += len(scale.centroids)
    return sequences


def _scale_report(
    scale: _Named, rate: int, sequences: list[Sequence], network: Network, index: int
) -> ScaleReport:
    ngram, judged = figures(network, sequences[index], sequences)
    return ScaleReport(
        name=scale.segmented.name,
        method=scale.segmented.method,
        units=len(scale.segmented.units),
        tokens=len(scale.centroids),
        median_seconds=float(np.median(scale.segmented.units["length"])) / rate,
        vocabulary=scale.vocabulary.settings.method,
        notes=scale.vocabulary.notes_,
        size_choice=None if scale.size is None else asdict(scale.size),
        ngram=ngram,
        figures=judged,
    )


def _training(first: Trained, last: Trained) -> dict[str, Any]:
    return {
        "steps": first.steps,
        "steps_run": first.ran,
        "stopped_by": first.stopped,
        "finish_steps": last.steps,
        "note": "bits per token are of the model before it was finished on all audio",
    }


def _write_scale(folder: Path, scale: _Named) -> None:
    folder.mkdir(parents=True)
    arrays = {
        "units": scale.segmented.units,
        "descriptors": scale.descriptors,
        "present": scale.present,
        "edges": scale.edges,
        "centroids": scale.centroids,
        "scaler": scale.scaler,
        "prototypes": scale.vocabulary.prototypes_,
        "prototype_tokens": scale.vocabulary.prototype_tokens_,
        "exemplars": scale.exemplars,
        "spread": scale.vocabulary.spread_,
        "map": scale.map,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
