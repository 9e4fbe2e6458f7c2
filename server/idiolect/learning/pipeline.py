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
from idiolect.corpus.columns import COLUMNS, NAMES
from idiolect.corpus.describe import describe
from idiolect.corpus.edges import edges
from idiolect.corpus.files import find
from idiolect.corpus.segment import Segmented, segment
from idiolect.corpus.store import Stored, store
from idiolect.errors import BundleError, ConfigError
from idiolect.learning.network import Network
from idiolect.learning.page.writing import write_page
from idiolect.learning.report import Report, ScaleReport, figures
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import LearnSettings, ModelShape
from idiolect.learning.split import TRAIN, VALIDATION, split
from idiolect.learning.training import Trained, everything, fresh, train
from idiolect.learning.writing import digest, write_weights
from idiolect.vocabulary.assign import assign
from idiolect.vocabulary.kmeans import cluster, size_for
from idiolect.vocabulary.standardise import fit, standardise

__all__ = ["STAGES", "learn"]

STAGES = ("decode", "segment", "describe", "cluster", "train", "finish", "write")
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
            return _Work(folder, output.name, settings, progress).run(folders)
    except OSError as error:
        raise BundleError(f"cannot write {output}: {error}; check the disk and rights") from error


@dataclass(frozen=True, slots=True)
class _Described:
    """One scale's arrays, as they are written."""

    segmented: Segmented
    descriptors: NDArray[np.float32]
    present: NDArray[np.bool_]
    edges: NDArray[np.float32]
    centroids: NDArray[np.float32]
    scaler: NDArray[np.float32]
    kinds: NDArray[np.int64]


@dataclass
class _Work:
    """One run: what every stage needs, and the seconds each took."""

    folder: Path
    name: str
    settings: LearnSettings
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, folders: list[Path]) -> Report:
        """Do all stages in turn."""
        rate = self.settings.corpus.sample_rate
        path = self.folder / "audio.npy"
        with self._stage("decode") as tick:
            stored = store(find(folders), path, rate, tick)
        audio = np.load(path, mmap_mode="r")
        with self._stage("segment") as tick:
            segmented, left_out = segment(audio, stored.sources, self.settings.corpus, tick)
        scales = self._describe(audio, stored, segmented)
        shape = self.settings.shape_for(len(segmented[0].units))
        first, judged = self._train(scales, shape)
        last = self._finish(scales, shape, first)
        scales_report = [
            _scale_report(scale, rate, judged, first.network, i) for i, scale in enumerate(scales)
        ]
        report = Report(
            bundle=self.name,
            sources=[asdict(source) for source in stored.sources],
            skipped=[asdict(skipped) for skipped in stored.skipped],
            scales=scales_report,
            left_out=left_out,
            model=asdict(shape),
            training=_training(first, last),
            audio_seconds=len(audio) / rate,
        )
        return self._write(report, stored, scales, last.network)

    @contextmanager
    def _stage(self, name: str) -> Iterator[Callable[[float, float], None]]:
        """Time a stage and tell of its beginning and end."""
        began = time.monotonic()
        self.progress(name, 0, 1)
        yield lambda done, total: self.progress(name, done, total)
        self.progress(name, 1, 1)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def _describe(
        self, audio: NDArray[np.float32], stored: Stored, segmented: list[Segmented]
    ) -> list[_Described]:
        """Describe every scale; fit scalers and vocabularies on the training units alone."""
        rate = self.settings.corpus.sample_rate
        steps = 2 * len(segmented)
        raw = []
        with self._stage("describe") as tick:
            for index, scale in enumerate(segmented):
                at = 2 * index
                values, present = describe(audio, scale.units, rate, _part(tick, at, steps))
                ends = edges(audio, scale.units, rate, _part(tick, at + 1, steps))
                raw.append((values, present, ends))
        kinds = self._divide(len(audio), stored, segmented)
        with self._stage("cluster") as tick:
            scales = []
            for index, (scale, (values, present, ends), sets) in enumerate(
                zip(segmented, raw, kinds, strict=True)
            ):
                scales.append(self._vocabulary(scale, values, present, ends, sets))
                tick(index + 1, len(segmented))
        return scales

    def _divide(
        self, frames: int, stored: Stored, segmented: list[Segmented]
    ) -> list[NDArray[np.int64]]:
        """Give the set of each unit of each scale; all train where too little can be held out."""
        rate = self.settings.corpus.sample_rate
        window = self.settings.shape_for(len(segmented[0].units)).window
        context = max(window * float(np.median(s.units["length"])) for s in segmented) / rate
        starts = np.array([source.start for source in stored.sources], np.int64)
        division = split(frames, starts, rate, context)
        kinds = [division.of(scale.units) for scale in segmented]
        if all((k == TRAIN).any() for k in kinds) and (kinds[0] == VALIDATION).any():
            return kinds
        return [np.full(len(scale.units), TRAIN) for scale in segmented]

    def _vocabulary(
        self,
        scale: Segmented,
        values: NDArray[np.float32],
        present: NDArray[np.bool_],
        ends: NDArray[np.float32],
        kinds: NDArray[np.int64],
    ) -> _Described:
        known = kinds == TRAIN
        least = np.array([column.least for column in COLUMNS], np.float32)
        scaler = fit(values[known], present[known], least)
        descriptors = standardise(values, present, scaler)
        size = size_for(int(known.sum()))
        centroids = cluster(descriptors[known], size, self.settings.seed)
        scale.units["token"] = assign(descriptors, centroids)
        return _Described(scale, descriptors, present, ends, centroids, scaler, kinds)

    def _train(self, scales: list[_Described], shape: ModelShape) -> tuple[Trained, list[Sequence]]:
        sequences = _sequences(scales)
        seed, training = self.settings.seed, self.settings.training
        limit = replace(training, budget=training.budget * TRAIN_SHARE)
        if not any((s.kinds == VALIDATION).any() for s in sequences):
            limit = replace(limit, max_steps=0)  # nothing could say when to stop
        with self._stage("train") as tick:
            network = fresh(sequences, _centroids(scales), shape, training.dropout, seed)
            return train(network, sequences, limit, seed, tick), sequences

    def _finish(self, scales: list[_Described], shape: ModelShape, first: Trained) -> Trained:
        """Train the network that is shipped on all audio, for as many steps."""
        sequences = everything(_sequences(scales))
        seed, training = self.settings.seed, self.settings.training
        rest = max(1.0, training.budget - first.seconds)
        limit = replace(training, budget=rest, max_steps=first.steps)
        with self._stage("finish") as tick:
            network = fresh(sequences, _centroids(scales), shape, training.dropout, seed)
            return train(network, sequences, limit, seed, tick)

    def _write(
        self, report: Report, stored: Stored, scales: list[_Described], network: Network
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
                "channels": stored.channels,
                "seed": self.settings.seed,
                "settings": asdict(self.settings),
                "sources": report.sources,
                "skipped": report.skipped,
                "scales": [
                    {"name": s.segmented.name, "method": s.segmented.method} for s in scales
                ],
                "descriptors": list(NAMES),
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


def _part(
    tick: Callable[[float, float], None], index: int, steps: int
) -> Callable[[float, float], None]:
    """Make one step's progress a share of its stage's."""
    return lambda done, total: tick(index + done / max(total, 1e-9), steps)


def _centroids(scales: list[_Described]) -> list[NDArray[np.float32]]:
    return [scale.centroids for scale in scales]


def _sequences(scales: list[_Described]) -> list[Sequence]:
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
            )
        )
        offset += len(scale.centroids)
    return sequences


def _scale_report(
    scale: _Described, rate: int, sequences: list[Sequence], network: Network, index: int
) -> ScaleReport:
    return ScaleReport(
        name=scale.segmented.name,
        method=scale.segmented.method,
        units=len(scale.segmented.units),
        tokens=len(scale.centroids),
        median_seconds=float(np.median(scale.segmented.units["length"])) / rate,
        figures=figures(network, sequences[index], sequences),
    )


def _training(first: Trained, last: Trained) -> dict[str, Any]:
    return {
        "steps": first.steps,
        "steps_run": first.ran,
        "stopped_by": first.stopped,
        "finish_steps": last.steps,
        "note": "bits per token are of the model before it was finished on all audio",
    }


def _write_scale(folder: Path, scale: _Described) -> None:
    folder.mkdir(parents=True)
    arrays = {
        "units": scale.segmented.units,
        "descriptors": scale.descriptors,
        "present": scale.present,
        "edges": scale.edges,
        "centroids": scale.centroids,
        "scaler": scale.scaler,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
