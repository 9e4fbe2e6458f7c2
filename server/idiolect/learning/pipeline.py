"""From folders to a bundle: decode, segment, describe, cluster, train, write."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from idiolect import __version__
from idiolect.bundle.formats import FORMAT
from idiolect.corpus.analysis import Analysis, analyse
from idiolect.corpus.description.columns import select
from idiolect.errors import BundleError, ConfigError
from idiolect.learning.devices import find_device
from idiolect.learning.evaluation import Evaluation
from idiolect.learning.folder import writing
from idiolect.learning.naming import Named, name_scale, to_material
from idiolect.learning.page.writing import write_page
from idiolect.learning.report import Report, ScaleReport
from idiolect.learning.settings import LearnSettings, ModelShape
from idiolect.learning.split import VALIDATION, Split, divide, folds, split
from idiolect.learning.standing import Progress, Tick
from idiolect.learning.teaching import Course, Material, Taught, teach
from idiolect.learning.writing import digest, write_memory, write_scale, write_weights

__all__ = ["STAGES", "learn"]

STAGES = ("decode", "segment", "describe", "cluster", "train", "finish", "write")
FEW = 3000  # units of the finest scale under which one held-out tenth says too little: folds do
LONGEST_GAP = 6.0  # seconds; coarse scales look back further than a corpus can spare


def learn(
    folders: list[Path],
    output: Path,
    *,
    settings: LearnSettings,
    progress: Progress,
    interrupted: Callable[[], bool] = lambda: False,
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
        Called with the stage, how much of it is done, how much it is in all, and how the training
        of a network stands.
    interrupted
        Asked while a network is trained whether to end that stage and keep what there is.

    Returns
    -------
    Report
        What was used, what was not, and the figures.

    Raises
    ------
    CorpusError
        When there is no usable audio.
    ConfigError
        When `output` is there and is not a bundle, or the device to train on is not there.
    BundleError
        When it cannot be written.
    """
    if output.exists() and not (output / "manifest.json").is_file():
        raise ConfigError(f"{output} is there and is not a bundle; give another name with -o")
    find_device(settings.training.device)
    try:
        with writing(output) as folder:
            work = _Work(folder, output.name, output, settings, progress, interrupted)
            report = work.run(folders)
    except KeyboardInterrupt:
        shutil.rmtree(_place(output), ignore_errors=True)
        raise
    except OSError as error:
        raise BundleError(f"cannot write {output}: {error}; check the disk and rights") from error
    shutil.rmtree(_place(output), ignore_errors=True)
    return report


def _place(output: Path) -> Path:
    """Say where training is kept until the bundle is whole."""
    return output.with_name(f".{output.name}.training")


@dataclass
class _Work:
    """One run: what every stage needs, and the seconds each took."""

    folder: Path
    name: str
    earlier: Path  # where an older bundle may be
    settings: LearnSettings
    progress: Progress
    interrupted: Callable[[], bool]
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, folders: list[Path]) -> Report:
        """Do all stages in turn."""
        corpus = self.settings.corpus
        analysis = analyse(folders, self.folder, corpus, self.earlier, self._stage)
        scales, divisions = self._name(analysis)
        shape = self._shape(scales)
        course = Course(
            shape,
            self.settings.training,
            self.settings.seed,
            self.interrupted,
            _place(self.earlier),
        )
        material = to_material(scales, corpus.sample_rate)
        taught = teach(material, self._trials(scales, divisions), course, self._stage)
        divisions = divisions[: taught.trials]
        report = Report(
            bundle=self.name,
            sources=[asdict(source) for source in analysis.stored.sources],
            skipped=[asdict(skipped) for skipped in analysis.stored.skipped],
            scales=[
                _scale_report(scale, corpus.sample_rate, own)
                for scale, own in zip(scales, taught.evaluations, strict=True)
            ],
            left_out=analysis.left_out,
            model=shape.as_model(),
            training=taught.training,
            audio_seconds=len(analysis.audio) / corpus.sample_rate,
            reused=sum(known >= 0 for known in analysis.stored.known),
        )
        return self._write(report, analysis, scales, taught, divisions)

    def _shape(self, scales: list[Named]) -> ModelShape:
        """Give the network's shape, with what scales hear of the past in steps where that is set."""
        shape, rate = (
            self.settings.shape_for(len(scales[0].units)),
            self.settings.corpus.sample_rate,
        )
        asked = {scale.name: scale.context_seconds for scale in self.settings.corpus.scales}
        heard = [asked[scale.name] or np.inf for scale in scales]
        if np.isinf(heard).all():
            return shape
        lengths = [float(np.median(scale.units["length"])) / rate for scale in scales]
        steps = np.clip(np.rint(np.divide(heard, lengths)), 1, shape.window)
        return replace(shape, windows=tuple(int(count) for count in steps))

    @contextmanager
    def _stage(self, name: str) -> Iterator[Tick]:
        """Time a stage and tell of its beginning and end."""
        began = time.monotonic()
        self.progress(name, 0, 1, None)
        yield lambda done, total, standing=None: self.progress(name, done, total, standing)
        self.progress(name, 1, 1, None)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def _name(self, analysis: Analysis) -> tuple[list[Named], list[Split]]:
        """Give every unit its token, and say how the units are divided for the trials."""
        scales, settings = analysis.scales, self.settings
        units = [scale.segmented.units for scale in scales]
        starts = np.array([source.start for source in analysis.stored.sources], np.int64)
        window, rate = settings.shape_for(len(units[0])).window, settings.corpus.sample_rate
        length = max(float(np.median(own["length"])) for own in units) / rate
        context = min(window * length, LONGEST_GAP)
        division = split(len(analysis.audio), starts, rate, context)
        named = []
        with self._stage("cluster") as tick:
            for index, kinds in enumerate(divide(units, division)):
                wanted, coarse = settings.vocabulary, index > 0
                named.append(name_scale(scales[index], kinds, wanted, settings, coarse=coarse))
                tick(index + 1, len(scales))
        few = len(units[0]) < FEW and (named[0].kinds == VALIDATION).any()
        return named, folds(len(analysis.audio), starts, rate, context) if few else [division]

    def _trials(self, named: list[Named], divisions: list[Split]) -> Iterator[Material]:
        """Lay out each trial; for folds units are named again, by what is trained on in each."""
        rate = self.settings.corpus.sample_rate
        if len(divisions) == 1:
            yield to_material(named, rate)
            return
        for division in divisions:
            sets = divide([scale.units for scale in named], division)
            again = [
                name_scale(n.described, k, n.vocabulary.settings, self.settings, coarse=i > 0)
                for i, (n, k) in enumerate(zip(named, sets, strict=True))
            ]
            yield to_material(again, rate)

    def _write(
        self,
        report: Report,
        analysis: Analysis,
        scales: list[Named],
        taught: Taught,
        divisions: list[Split],
    ) -> Report:
        """Write all but the audio, which is there, and the manifest last."""
        with self._stage("write"):
            for scale, memory in zip(scales, taught.memories, strict=True):
                place = self.folder / "scales" / scale.name
                write_scale(place, scale.arrays(self.settings.map, self.settings.seed))
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
                "splits": [
                    {"edges": own.edges.tolist(), "kinds": own.kinds.tolist()} for own in divisions
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


def _scale_report(scale: Named, rate: int, judged: Evaluation) -> ScaleReport:
    return ScaleReport(
        name=scale.name,
        method=scale.described.segmented.method,
        units=len(scale.units),
        tokens=len(scale.vocabulary.centroids_),
        median_seconds=float(np.median(scale.units["length"])) / rate,
        vocabulary=scale.vocabulary.settings.method,
        notes=scale.vocabulary.notes_,
        size_choice=None if scale.size is None else asdict(scale.size),
        memory_weight=judged.weight,
        speaks=judged.note,
        figures=judged.figures,
    )
