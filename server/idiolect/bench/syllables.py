"""How well notes and tokens agree with what people labelled: finch syllables and spoken digits.

No label is used in learning; they judge it alone.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score

from idiolect.config.learning import SCALES, VocabularyConfig
from idiolect.corpus.boundaries.nesting import tidy
from idiolect.corpus.boundaries.onsets import onsets
from idiolect.corpus.description.columns import COLUMNS
from idiolect.corpus.description.describe import describe
from idiolect.corpus.reading.decode import Decoder
from idiolect.grain import UNIT
from idiolect.learning.sizes import choose_size
from idiolect.learning.split import split
from idiolect.vocabulary.standardise import fit, standardise
from idiolect.vocabulary.vocabulary import Vocabulary

__all__ = ["f_measure", "information", "judge", "lines", "measure", "overlapping"]

RATE = 48_000  # Hz
NEAR = 0.02  # seconds within which an onset is right
AFTER_END = 0.03  # seconds around a syllable's end where a start is not judged
OUTSIDE = 0.05  # seconds before the first and after the last syllable where it is
SEEDS = tuple(range(8))
FINCH_SIZES, DIGIT_SIZES = (9, 12, 16), (10, 13, 16)
GATE_HOP = 240  # frames: 5 ms
CONTEXT = 6.0  # seconds between what is learned from and what is held out

Audio = NDArray[np.float32]
Times = NDArray[np.float64]
Bounds = NDArray[np.int64]


def measure(corpora: Path) -> dict[str, object]:
    """Measure onsets and tokens, and plain baselines beside them.

    Parameters
    ----------
    corpora
        The folder that holds ``birdsong_a`` and ``digits_george``.

    Returns
    -------
    dict
        For JSON: onset figures by method, and information by method and number of tokens.
    """
    songs, syllables = _songs(corpora / "birdsong_a")
    methods: dict[str, Callable[[Audio], Bounds]] = {"notes": _notes, "gate": _gate, "flux": _flux}
    cuts = {name: [method(song) for song in songs] for name, method in methods.items()}
    found: dict[str, object] = {
        "onsets": {
            name: f_measure(
                [
                    judge(bounds[:-1] / RATE, times)
                    for bounds, (times, _) in zip(all_bounds, syllables, strict=True)
                ]
            )
            for name, all_bounds in cuts.items()
        }
    }
    found["syllables"] = {
        name: _finch(songs, all_bounds, syllables, described=name == "notes")
        for name, all_bounds in cuts.items()
    }
    found["experts"] = _experts(songs, syllables)
    found["digits"] = _digits(corpora / "digits_george")
    return found


def judge(found: Times, syllables: Times) -> tuple[int, int, int]:
    """Compare onsets with syllables, the nearest pairs first, each used once.

    Parameters
    ----------
    found : float64[onsets]
        Seconds.
    syllables : float64[syllables, 2]
        Where each begins and ends, seconds.

    Returns
    -------
    right, wrong, missed : int
        What is near an end, or outside the song, is right or not judged, never wrong.
    """
    inside = (found > syllables[0, 0] - OUTSIDE) & (found < syllables[-1, 1] + OUTSIDE)
    found = found[inside]
    distance = np.abs(found[:, None] - syllables[None, :, 0])
    rows, columns = np.nonzero(distance <= NEAR)
    used, hit = np.zeros(len(found), np.bool_), np.zeros(len(syllables), np.bool_)
    for pair in np.argsort(distance[rows, columns], kind="stable"):
        if not used[rows[pair]] and not hit[columns[pair]]:
            used[rows[pair]] = hit[columns[pair]] = True
    ending = (np.abs(found[:, None] - syllables[None, :, 1]) <= AFTER_END).any(axis=1)
    return int(hit.sum()), int((~used & ~ending).sum()), int((~hit).sum())


def f_measure(counts: list[tuple[int, int, int]]) -> dict[str, float]:
    """Pool what `judge` counted into precision, recall and their harmonic mean."""
    right, wrong, missed = np.sum(counts, axis=0).tolist()
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    both = 2 * right / max(1, 2 * right + wrong + missed)
    return {"f": both, "precision": precision, "recall": recall}


def overlapping(bounds: Bounds, spans: Bounds) -> Bounds:
    """Give the unit that shares most with each span.

    Parameters
    ----------
    bounds : int64[units + 1]
        Where units begin; the last is the end.
    spans : int64[spans, 2]
        First frame of each and the one after its last.
    """
    high = np.minimum(bounds[None, 1:], spans[:, 1:])
    low = np.maximum(bounds[None, :-1], spans[:, :1])
    return np.asarray(np.argmax(high - low, axis=1), np.int64)


def information(
    features: Audio, chosen: Bounds, labels: list[str], sizes: tuple[int, ...]
) -> dict[str, float]:
    """Give the mean normalised mutual information of tokens and labels, by number of tokens."""
    scores = {}
    for size in sizes:
        tokens = [
            Vocabulary(VocabularyConfig(method="kmeans", size=size), seed)
            .fit(features)
            .assign(features)[chosen]
            for seed in SEEDS
        ]
        scores[str(size)] = float(
            np.mean([normalized_mutual_info_score(labels, each) for each in tokens])
        )
    return scores


def lines(found: dict[str, object]) -> list[str]:
    """Lay out what `measure` gave, one line a method."""
    out = []
    for part, methods in found.items():
        assert isinstance(methods, dict)
        for name, scores in methods.items():
            figures = "  ".join(f"{key} {value:.3f}" for key, value in scores.items())
            out.append(f"{part:<10} {name:<9} {figures}")
    return out


def _songs(folder: Path) -> tuple[list[Audio], list[tuple[Times, list[str]]]]:
    with (folder / "labels.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    names = sorted({row["file"] for row in rows})
    syllables = []
    for name in names:
        mine = [row for row in rows if row["file"] == name]
        times = np.array([(float(row["onset_s"]), float(row["offset_s"])) for row in mine])
        syllables.append((times, [row["label"] for row in mine]))
    return [_decode(folder / name) for name in names], syllables


def _decode(path: Path) -> Audio:
    return np.concatenate(list(Decoder(path, RATE, 1).blocks()))


def _notes(song: Audio) -> Bounds:
    return _tile(song, onsets(song, 0, len(song), RATE))


def _tile(song: Audio, starts: NDArray[np.int64]) -> Bounds:
    """Turn onsets into notes, by the lengths that notes have by default."""
    note = next(scale for scale in SCALES if scale.name == "note")
    whole, strengths = np.array([0, len(song)]), np.ones(len(starts))
    return tidy(whole, starts, strengths, round(note.shortest * RATE), note.longest * RATE)


def _gate(song: Audio) -> Bounds:
    """Cut where the level rises over the middle between the quiet and the loud."""
    level = librosa.feature.rms(y=song[:, 0], frame_length=2 * GATE_HOP, hop_length=GATE_HOP)[0]
    decibel = 20 * np.log10(level + 1e-9)
    loud = decibel > np.percentile(decibel, [10, 95]).mean()
    starts = np.flatnonzero(np.diff(loud.astype(int), prepend=0) == 1) * GATE_HOP
    return _tile(song, starts)


def _flux(song: Audio) -> Bounds:
    starts = librosa.onset.onset_detect(y=song[:, 0], sr=RATE, units="samples", backtrack=True)
    return _tile(song, starts.astype(np.int64))


def _finch(
    songs: list[Audio],
    cuts: list[Bounds],
    syllables: list[tuple[Times, list[str]]],
    *,
    described: bool,
) -> dict[str, float]:
    features, chosen, labels, count = [], [], [], 0
    for song, bounds, (times, names) in zip(songs, cuts, syllables, strict=True):
        features.append(_raw(song, bounds) if described else _cepstra(song, bounds))
        chosen.append(overlapping(bounds, np.round(times * RATE).astype(np.int64)) + count)
        labels += names
        count += len(bounds) - 1
    where = np.concatenate(chosen)
    if not described:
        return information(np.concatenate(features), where, labels, FINCH_SIZES)
    points = _scaled(features)
    size = _own_size(points, cuts)
    found = information(points, where, labels, (*FINCH_SIZES, size))
    return found | {f"auto ({size})": found[str(size)]}


def _own_size(points: Audio, cuts: list[Bounds]) -> int:
    """Give the number of tokens that learning would choose."""
    lengths = [np.diff(bounds) for bounds in cuts]
    units = np.zeros(len(points), UNIT)
    units["length"] = np.concatenate(lengths)
    units["start"] = np.cumsum(units["length"]) - units["length"]
    units["source"] = np.repeat(np.arange(len(cuts)), [len(own) for own in lengths])
    frames = int(units["length"].sum())
    firsts = np.flatnonzero(np.diff(units["source"], prepend=-1))
    parts = split(frames, units["start"][firsts], RATE, CONTEXT)
    seconds = float(units["length"].mean()) / RATE
    return choose_size(points, parts.of(units), units["source"], seconds, SEEDS[0]).chosen


def _experts(
    songs: list[Audio], syllables: list[tuple[Times, list[str]]]
) -> dict[str, dict[str, float]]:
    """Cluster the syllables alone, as the experts cut them."""
    ours, plain, labels = [], [], []
    for song, (times, names) in zip(songs, syllables, strict=True):
        cuts = np.round(times * RATE).astype(np.int64).ravel()
        # The cuts between them in one go; every second piece is a gap.
        ours.append(_raw(song, cuts)[::2])
        plain.append(_cepstra(song, cuts)[::2])
        labels += names
    all_of = np.arange(len(labels))
    return {
        "described": information(_scaled(ours), all_of, labels, FINCH_SIZES),
        "mfcc": information(np.concatenate(plain), all_of, labels, FINCH_SIZES),
        "scaled": information(_normal(plain), all_of, labels, FINCH_SIZES),
    }


def _digits(folder: Path) -> dict[str, dict[str, float]]:
    paths = sorted(folder.glob("*.wav"))
    words = [_decode(path) for path in paths]
    whole = [np.array([0, len(word)]) for word in words]
    labels, all_of = [path.name[0] for path in paths], np.arange(len(paths))
    pairs = list(zip(words, whole, strict=True))
    ours, plain = [_raw(*pair) for pair in pairs], [_cepstra(*pair) for pair in pairs]
    return {
        "words": information(_scaled(ours), all_of, labels, DIGIT_SIZES),
        "mfcc": information(np.concatenate(plain), all_of, labels, DIGIT_SIZES),
        "scaled": information(_normal(plain), all_of, labels, DIGIT_SIZES),
    }


def _raw(audio: Audio, bounds: Bounds) -> Audio:
    """Describe the units between bounds; NaN where missing."""
    units = np.zeros(len(bounds) - 1, UNIT)
    units["start"], units["length"] = bounds[:-1], np.diff(bounds)
    return describe(audio, units, RATE)


def _scaled(features: list[Audio]) -> Audio:
    values = np.concatenate(features)
    present = np.isfinite(values)
    least = np.array([column.least for column in COLUMNS], np.float32)
    weight = np.array([column.weight for column in COLUMNS], np.float32)
    values = np.nan_to_num(values)
    return standardise(values, present, fit(values, present, least, weight))


def _cepstra(audio: Audio, bounds: Bounds) -> Audio:
    """Give the mean of MFCC 1 to 19 over each unit, unscaled."""
    hop = 128
    frames = librosa.feature.mfcc(y=audio[:, 0], sr=RATE, n_mfcc=20, n_fft=1024, hop_length=hop)
    means = []
    for low, high in zip(bounds[:-1] // hop, bounds[1:] // hop, strict=True):
        means.append(frames[1:, low : max(low + 1, high)].mean(axis=1))
    return np.asarray(means, np.float32)


def _normal(features: list[Audio]) -> Audio:
    values = np.concatenate(features)
    return np.asarray((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9), np.float32)
