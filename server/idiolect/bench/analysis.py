"""How fast a corpus is analysed, in how much memory, and how much of it a second time.

Each run is a process of its own, ``python -m idiolect.bench.analysis``, so that its peak of memory
is its own too.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
import soxr

from idiolect.corpus.reading.decode import Decoder, UnreadableError
from idiolect.corpus.reading.files import find
from idiolect.learning.pipeline import learn
from idiolect.learning.settings import LearnSettings, TrainingSettings

__all__ = ["again", "kernel_seconds", "large", "measure", "peak_mib"]

RUNS = 5
KERNEL_FRAMES, KERNEL_SIZE = 2_000_000, 1024
TRANSPOSED = (-3, -1, 2, 4)  # semitones: copies of a file that are no copies to the analysis
RATE = 48_000
ANALYSIS = ("decode", "segment", "describe")


def measure(folder: Path, runs: int = RUNS) -> dict[str, Any]:
    """Analyse a corpus and make its vocabularies, several times; the best run counts.

    Returns
    -------
    dict
        Seconds of audio, of each stage and of a fixed kernel in the same process, times real time,
        and the peak of memory in MiB.
    """
    found = [_run(folder) for _ in range(runs)]
    best = min(found, key=lambda run: sum(run["seconds"].values()))
    spent = sum(best["seconds"].values())
    return best | {"times_real_time": best["audio_seconds"] / spent, "runs": runs}


def again(folder: Path) -> dict[str, Any]:
    """Analyse a corpus, change one of its files, and analyse it again into the same bundle.

    Returns
    -------
    dict
        Seconds of both analyses, and their ratio; seconds of both vocabularies apart.
    """
    with TemporaryDirectory() as place:
        sounds, bundle = Path(place, "sounds"), Path(place, "a.idiolect")
        shutil.copytree(folder, sounds)
        first = _run(sounds, bundle)
        edited = next(c.path for c in find([sounds]) if c.expected)
        samples, rate = soundfile.read(edited)
        soundfile.write(edited, samples[: len(samples) // 2], rate)
        second = _run(sounds, bundle)
    spent = [sum(run["seconds"][stage] for stage in ANALYSIS) for run in (first, second)]
    return {
        "first": spent[0],
        "second": spent[1],
        "ratio": spent[1] / spent[0],
        "vocabulary": [run["seconds"]["cluster"] for run in (first, second)],
        "reused": second["reused"],
        "sources": second["sources"],
    }


def large(folders: list[Path], hours: float) -> dict[str, Any]:
    """Analyse hours of audio, made by repeating and transposing what there is."""
    with TemporaryDirectory() as place:
        sounds = Path(place, "sounds")
        sounds.mkdir()
        _fill(sounds, folders, hours * 3600)
        return _run(sounds)


def _fill(sounds: Path, folders: list[Path], seconds: float) -> None:
    """Write files until there is as much audio as wanted."""
    number, made = 0, 0.0
    while made < seconds:
        for candidate in find(folders):
            try:
                audio = np.concatenate(list(Decoder(candidate.path, RATE, 2).blocks()))
            except (UnreadableError, ValueError):
                continue
            shift = TRANSPOSED[number % len(TRANSPOSED)]
            moved = soxr.resample(audio, RATE, RATE / 2 ** (shift / 12))
            soundfile.write(sounds / f"{number:05d}.wav", np.clip(moved, -1, 1), RATE)
            number, made = number + 1, made + len(moved) / RATE
            if made >= seconds:
                return


def _run(folder: Path, bundle: Path | None = None) -> dict[str, Any]:
    words = [str(folder), *([] if bundle is None else [str(bundle)])]
    program = [sys.executable, "-m", "idiolect.bench.analysis", *words]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _analyse(folder: Path, bundle: Path) -> dict[str, Any]:
    """Do all of learning but the training."""
    settings = LearnSettings(training=TrainingSettings(max_steps=0))
    report = learn([folder], bundle, settings=settings, progress=lambda *_: None)
    stages = (*ANALYSIS, "cluster")
    return {
        "audio_seconds": report.audio_seconds,
        "sources": len(report.sources),
        "reused": report.reused,
        "units": {scale.name: scale.units for scale in report.scales},
        "seconds": {stage: report.seconds[stage] for stage in stages},
        "kernel_seconds": kernel_seconds(),
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    """Give the peak of this process' memory; on macOS its parent's counts, and on Windows it is 0."""
    if sys.platform == "win32":
        return 0.0
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource  # there is none on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 1024)


def kernel_seconds() -> float:
    """Time a fixed piece of work: spectra of 40 s of noise, the best of five."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(KERNEL_FRAMES // KERNEL_SIZE, KERNEL_SIZE)).astype(np.float32)
    best = np.inf
    for _ in range(RUNS):
        begun = time.perf_counter()
        np.abs(np.fft.rfft(frames, axis=1)).sum()
        best = min(best, time.perf_counter() - begun)
    return float(best)


@contextmanager
def _place(words: list[str]) -> Iterator[Path]:
    if words:
        yield Path(words[0])
        return
    with TemporaryDirectory() as folder:
        yield Path(folder, "a.idiolect")


if __name__ == "__main__":
    with _place(sys.argv[2:]) as where:
        sys.stdout.write(json.dumps(_analyse(Path(sys.argv[1]), where)))
