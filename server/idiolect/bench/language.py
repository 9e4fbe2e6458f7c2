"""What the model is worth beside every n-gram, on every corpus there is; and what each input adds.

Each corpus is learned in a process of its own, so that its peak of memory is its own too; two run
side by side, since a network trains on one core.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile

from idiolect.bench.analysis import kernel_seconds, peak_mib
from idiolect.bundle.bundle import Bundle
from idiolect.config.learning import VocabularyConfig
from idiolect.corpus.reading.decode import Decoder
from idiolect.corpus.reading.files import find
from idiolect.learning.evaluation import try_models
from idiolect.learning.pipeline import learn
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import LearnSettings
from idiolect.learning.split import VALIDATION, Split
from idiolect.learning.training import fresh, train

__all__ = ["lines", "measure"]

RATE = 48_000
GRAIN, FEW, TOKENS = 0.08, 300, 64
NAMED = ("violin_garner", "music_surge", "speech_stephanie")  # which the ablation is made on
SHUFFLED = "env_blanket"
BROKEN = "nasty_a"  # files that break, of no language
WAYS = ("tokens", "auto", "cut", "shuffled", "ablation")


def measure(corpora: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Learn every corpus with 64 tokens, with sizes that are found, and cut to 300 grains.

    Parameters
    ----------
    corpora
        Folder of folders of audio.
    say
        Told, in a line, what is done.

    Returns
    -------
    dict
        For JSON: by way and corpus the figures of every scale; of `SHUFFLED` those of its grains in
        random order; the ablation of `NAMED`; what a default run costs.
    """
    folders = [path for path in sorted(corpora.iterdir()) if path.is_dir() and path.name != BROKEN]
    jobs = [(way, path) for path in folders for way in WAYS[:3]]
    jobs += [("shuffled", p) for p in folders if p.name == SHUFFLED]
    jobs += [("ablation", p) for p in folders if p.name in NAMED]
    found: dict[str, Any] = {way: {} for way in WAYS}
    alone = [job for job in jobs if job == ("auto", corpora / "music_surge")]
    for job in alone:  # its time is what is told
        found[job[0]][job[1].name] = _run(*job)
        say(f"{job[0]} {job[1].name}")
    with ThreadPoolExecutor(2) as pool:
        others = [job for job in jobs if job not in alone]
        for job, result in zip(others, pool.map(lambda job: _run(*job), others), strict=True):
            found[job[0]][job[1].name] = result
            say(f"{job[0]} {job[1].name}")
    return found | {"summary": _summary(found)}


def _told(value: float | None) -> str:
    """Write a figure; there is none where nothing could be held out."""
    return "-" if value is None else f"{value:.3f}"


def lines(found: dict[str, Any]) -> list[str]:
    """Lay out what `measure` gave."""
    out = []
    for way in ("tokens", "auto", "cut", "shuffled"):
        for corpus, result in found[way].items():
            for scale, figures in result["scales"].items():
                bits, gain = figures["bits_per_token"], figures["gain"]
                told = "  ".join(f"{name} {_told(value)}" for name, value in bits.items())
                half = None if gain["mean"] is None else (gain["high"] - gain["low"]) / 2
                out.append(
                    f"{way:<8} {corpus:<16} {scale:<8} {told}  saved {_told(gain['mean'])} ± {_told(half)}"
                )
    for corpus, rows in found["ablation"].items():
        out.append(f"ablation {corpus:<16} " + "  ".join(f"{k} {v:.3f}" for k, v in rows.items()))
    out.append(f"default run of music_surge: {json.dumps(found['auto']['music_surge']['cost'])}")
    return [*out, f"summary: {json.dumps(found['summary'])}"]


def _summary(found: dict[str, Any]) -> dict[str, Any]:
    """Give the shares saved on the n-gram, and where the mixture is worse by more than chance."""
    grains = {name: result["scales"]["grain"] for name, result in found["tokens"].items()}
    saved = {
        name: own["gain"]["mean"] / own["bits_per_token"]["best_ngram"]
        for name, own in grains.items()
    }
    small = [r["scales"]["grain"] for r in found["cut"].values()]
    every = [*grains.values(), *small]
    units = np.array([own["units"] for own in every])
    gains = np.array([own["gain"]["mean"] for own in every])
    halves = np.array([(own["gain"]["high"] - own["gain"]["low"]) / 2 for own in every])
    cut_units = np.array([own["units"] for own in small])
    cut_gains = np.array([own["gain"]["mean"] for own in small])
    return {
        "saved": saved,
        "mean of the named": float(np.mean([saved[name] for name in NAMED])),
        "worse than chance": int((gains < -halves).sum()),
        "pooled bits saved": float((gains * units).sum() / units.sum()),
        "pooled bits saved, cuts": float((cut_gains * cut_units).sum() / cut_units.sum()),
    }


def _run(way: str, folder: Path) -> dict[str, Any]:
    program = [sys.executable, "-m", "idiolect.bench.language", way, str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _learn(way: str, folder: Path, bundle: Path) -> dict[str, Any]:
    vocabulary = VocabularyConfig()
    if way != "auto":
        vocabulary = VocabularyConfig(method="kmeans", size=TOKENS)
    settings = LearnSettings(vocabulary=vocabulary)
    report = learn([folder], bundle, settings=settings, progress=lambda *_: None).as_json()
    seconds = report["seconds"]
    cost = {
        "audio_seconds": report["audio_seconds"],
        "seconds": seconds,
        "times_real_time": report["audio_seconds"] / sum(seconds.values()),
        "kernel_seconds": kernel_seconds(),
        "peak_mib": peak_mib(),
        "stopped_by": report["training"]["stopped_by"],
    }
    return {"scales": {s["name"]: s["figures"] for s in report["scales"]}, "cost": cost}


def _cut(folder: Path, to: Path) -> None:
    """Write the first 300 grains of a corpus, files as they are but for the last."""
    left = round(FEW * GRAIN * RATE)
    for number, candidate in enumerate(c for c in find([folder]) if c.expected):
        audio = np.concatenate(list(Decoder(candidate.path, RATE, 2).blocks()))[:left]
        soundfile.write(to / f"{number:04d}.wav", audio, RATE)
        left -= len(audio)
        if left <= 0:
            return


def _shuffle(folder: Path, to: Path) -> None:
    """Write a corpus with its grains in random order."""
    rng, frames = np.random.default_rng(0), round(GRAIN * RATE)
    for candidate in (c for c in find([folder]) if c.expected):
        audio = np.concatenate(list(Decoder(candidate.path, RATE, 2).blocks()))
        grains = audio[: len(audio) // frames * frames].reshape(-1, frames, 2)
        mixed = rng.permutation(grains).reshape(-1, 2)
        soundfile.write(to / f"{candidate.path.stem}.wav", mixed, RATE)


def _ablate(bundle: Bundle, settings: LearnSettings) -> dict[str, float]:
    """Train on the same units with less to read; bits per token of the test grains."""
    whole = _sequences(bundle)
    deaf = [
        replace(s, descriptors=np.zeros_like(s.descriptors), present=np.zeros_like(s.present))
        for s in whole
    ]
    centroids = [np.array(scale.centroids) for scale in bundle.scales]
    limit = replace(settings.training, budget=settings.training.budget / 2)
    found = {}
    for name, sequences in (("tokens", deaf), ("+ descriptors", whole)):
        network = fresh(
            sequences, centroids, settings.shape_for(len(whole[0].tokens)), limit.dropout, 0
        )
        trained = train(network, sequences, limit, settings.seed, lambda *_: None)
        tested = try_models(trained.network, sequences[0], sequences).test
        found[name] = float(tested["network"].mean())
        if name != "tokens":
            found["+ parent"] = float(tested["guided"].mean())
    figures = bundle.manifest["report"]["scales"][0]["figures"]["bits_per_token"]
    return found | {
        "+ memory": figures["mixture"],
        "+ memory, no parent": figures["mixture_no_parent"],
        "n-gram": figures["best_ngram"],
    }


def _sequences(bundle: Bundle) -> list[Sequence]:
    """Lay out a bundle's units as they were when its model was judged."""
    (told,) = bundle.manifest["splits"]
    division = Split(np.array(told["edges"]), np.array(told["kinds"]))
    offsets = np.cumsum([0, *(scale.token_count for scale in bundle.scales)])
    sequences = []
    for index, scale in enumerate(bundle.scales):
        units, above = scale.units, index + 1
        parents = np.full(len(units), -1, np.int64)
        if above < len(bundle.scales):
            parents = bundle.scales[above].units["token"][units["parent"]] + offsets[above]
        sequences.append(
            Sequence(
                name=scale.name,
                scale=index,
                offset=int(offsets[index]),
                size=scale.token_count,
                tokens=units["token"].astype(np.int64),
                descriptors=np.array(scale.descriptors),
                present=np.array(scale.present),
                kinds=division.of(units),
                sources=units["source"].astype(np.int64),
                parents=np.asarray(parents, np.int64),
            )
        )
    assert any((s.kinds == VALIDATION).any() for s in sequences)
    return sequences


def _work(way: str, folder: Path) -> dict[str, Any]:
    with TemporaryDirectory() as place:
        bundle, made = Path(place, "a.idiolect"), Path(place, "sounds")
        made.mkdir()
        if way in ("cut", "shuffled"):
            {"cut": _cut, "shuffled": _shuffle}[way](folder, made)
            return _learn(way, made, bundle)
        found = _learn(way, folder, bundle)
        return _ablate(Bundle.open(bundle), LearnSettings()) if way == "ablation" else found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_work(sys.argv[1], Path(sys.argv[2]))))
