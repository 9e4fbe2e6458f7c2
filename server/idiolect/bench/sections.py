"""How well sections are found in pieces whose structure is known, since they were joined from parts.

Parts of 12 to 40 s, brought to one loudness and joined by short fades, make three kinds of pieces:
``mixed`` takes each part from another recording, ``tracks`` from other pieces of music, and ``forms``
repeats passages of one recording as verses are, each time at a slightly other speed.  Whatever
changes inside a part counts as no boundary, so nobody can be right everywhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from idiolect.config.learning import SCALES, ScaleSettings
from idiolect.corpus.boundaries.segment import segment_source
from idiolect.corpus.reading.decode import Decoder, UnreadableError
from idiolect.corpus.reading.files import find
from idiolect.corpus.settings import CorpusSettings

__all__ = ["Piece", "judge", "measure", "pieces"]

RATE = 48_000  # Hz
SHORTEST, LONGEST = 12.0, 40.0  # seconds of a part
FADE = 0.05  # seconds
LEVEL = 0.1  # root mean square of every part
WITHIN = (0.5, 3.0)  # seconds within which a boundary is right, as MIREX has them
MUSIC = ("music_surge", "violin_garner")
OTHERS = ("drums_lofi", "env_blanket", "speech_stephanie")
FORMS = ("ABABCB", "ABACADA", "ABCABC", "ABACABA")
DRIFT = 0.01  # of its speed, by which a verse differs when it comes again
PARTS = 7  # of a piece without a form
EACH = 8  # pieces of a kind
SEEDS = (0, 1, 2)  # of what they are made of

Audio = NDArray[np.float32]
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece and where its parts meet."""

    kind: str
    audio: Audio  # (frames, 1)
    joins: Times  # seconds


def measure(corpora: Path) -> dict[str, Any]:
    """Find the sections of every piece and judge them, beside what listens to nothing.

    Parameters
    ----------
    corpora
        The folder that holds the folders of recordings.

    Returns
    -------
    dict
        For JSON: by method and kind, the F-measure within half a second and within three.  The
        method ``librosa`` is told how many parts there are.
    """
    methods: dict[str, Callable[[Piece], Times]] = {
        "structure": partial(_sections, SCALES[-1]),
        "novelty": partial(_sections, replace(SCALES[-1], method="novelty")),
        "librosa": _agglomerative,
        "equal": _equal,
    }
    counts: dict[str, dict[str, list[NDArray[np.int64]]]] = {name: {} for name in methods}
    for seed in SEEDS:
        for piece in pieces(corpora, np.random.default_rng(seed)):
            for name, method in methods.items():
                found = method(piece)
                row = np.array([judge(found, piece.joins, within) for within in WITHIN])
                counts[name].setdefault(piece.kind, []).append(row)
    return {
        name: {kind: _figures(rows) for kind, rows in kinds.items()}
        for name, kinds in counts.items()
    }


def pieces(corpora: Path, rng: np.random.Generator) -> Iterator[Piece]:
    """Make pieces of known structure.

    Parameters
    ----------
    corpora
        The folder that holds the folders of recordings.
    rng
        Draws what they are made of.
    """
    music = _recordings(corpora, MUSIC)
    everything = music + _recordings(corpora, OTHERS)
    for _ in range(EACH):
        yield _join("mixed", [_part(audio, rng) for audio in _draw(everything, rng)])
    for _ in range(EACH):
        yield _join("tracks", [_part(audio, rng) for audio in _draw(music, rng)])
    for number in range(EACH):
        form, audio = FORMS[number % len(FORMS)], music[rng.integers(len(music))]
        verses = _passages(audio, len(set(form)), rng)
        yield _join("forms", [_again(verses["ABCD".index(letter)], rng) for letter in form])


def judge(found: Times, joins: Times, within: float) -> tuple[int, int, int]:
    """Compare boundaries with joins, the nearest pairs first, each used once.

    Returns
    -------
    right, wrong, missed : int
        Boundaries near a join of their own, those that are not, and joins without one.
    """
    distance = np.abs(found[:, None] - joins[None, :])
    rows, columns = np.nonzero(distance <= within)
    used, hit = np.zeros(len(found), np.bool_), np.zeros(len(joins), np.bool_)
    for pair in np.argsort(distance[rows, columns], kind="stable"):
        if not used[rows[pair]] and not hit[columns[pair]]:
            used[rows[pair]] = hit[columns[pair]] = True
    return int(hit.sum()), int((~used).sum()), int((~hit).sum())


def _figures(rows: list[NDArray[np.int64]]) -> dict[str, float]:
    """Give the F-measure over the boundaries of all pieces together."""
    right, wrong, missed = np.sum(rows, axis=0).T
    f = 2 * right / np.maximum(1, 2 * right + wrong + missed)
    return {f"{within:g} s": float(value) for within, value in zip(WITHIN, f, strict=True)}


def _recordings(corpora: Path, folders: tuple[str, ...]) -> list[Audio]:
    """Decode what is long enough for a part."""
    found = []
    for candidate in find([corpora / name for name in folders]):
        if candidate.expected:
            try:
                blocks = list(Decoder(candidate.path, RATE, 1).blocks())
            except UnreadableError:
                continue
            audio = np.concatenate(blocks)[:, 0]
            if len(audio) >= SHORTEST * RATE:
                found.append(audio)
    return found


def _draw(recordings: list[Audio], rng: np.random.Generator) -> list[Audio]:
    order = rng.permutation(len(recordings))[:PARTS]
    return [recordings[index] for index in order]


def _part(audio: Audio, rng: np.random.Generator) -> Audio:
    """Take a passage, at one loudness."""
    length = int(min(rng.uniform(SHORTEST, LONGEST) * RATE, len(audio)))
    begin = int(rng.integers(len(audio) - length + 1))
    return _levelled(audio[begin : begin + length])


def _passages(audio: Audio, count: int, rng: np.random.Generator) -> list[Audio]:
    """Take passages of one recording that do not overlap."""
    room = len(audio) // count
    longest = min(LONGEST, room / RATE)
    lengths = (rng.uniform(SHORTEST, longest, count) * RATE).astype(int)
    begins = [int(i * room + rng.integers(room - n + 1)) for i, n in enumerate(lengths)]
    found = [_levelled(audio[b : b + n]) for b, n in zip(begins, lengths, strict=True)]
    return [found[index] for index in rng.permutation(count)]


def _again(verse: Audio, rng: np.random.Generator) -> Audio:
    """Play a verse once more: nobody does so twice at the same speed."""
    faster = 1.0 + rng.uniform(-DRIFT, DRIFT)
    return np.asarray(soxr.resample(verse, faster * RATE, RATE), np.float32)


def _levelled(audio: Audio) -> Audio:
    power = float((audio.astype(np.float64) ** 2).mean())
    return np.asarray(audio * (LEVEL / max(np.sqrt(power), 1e-6)), np.float32)


def _join(kind: str, parts: list[Audio]) -> Piece:
    """Fade each part into the next; the join lies in the middle of the fade."""
    fade = round(FADE * RATE)
    rise = np.sin(np.linspace(0.0, np.pi / 2, fade)).astype(np.float32)
    audio = parts[0].copy()
    joins = []
    for part in parts[1:]:
        joins.append((len(audio) - fade / 2) / RATE)
        audio[-fade:] = audio[-fade:] * rise[::-1] + part[:fade] * rise
        audio = np.concatenate([audio, part[fade:]])
    return Piece(kind, audio[:, None], np.array(joins))


def _sections(scale: ScaleSettings, piece: Piece) -> Times:
    settings = CorpusSettings(sample_rate=RATE, scales=(scale,))
    (found,) = segment_source(piece.audio, 0, len(piece.audio), settings)
    return np.asarray(found.frames[1:-1] / RATE)


def _equal(piece: Piece) -> Times:
    """Cut equal lengths, as long as a section is wanted."""
    seconds = len(piece.audio) / RATE
    count = max(1, round(seconds / SCALES[-1].wanted))
    return np.arange(1, count) * seconds / count


def _agglomerative(piece: Piece) -> Times:
    """Let librosa cut as many sections of cepstra and chroma as there are parts: it is told."""
    import librosa

    signal = librosa.resample(piece.audio[:, 0], orig_sr=RATE, target_sr=22_050)
    hop = 11_025
    mfcc = librosa.feature.mfcc(y=signal, sr=22_050, hop_length=hop, n_fft=2 * hop)
    chroma = librosa.feature.chroma_stft(y=signal, sr=22_050, hop_length=hop, n_fft=2 * hop)
    rows = np.concatenate([librosa.util.normalize(mfcc, axis=1), chroma])
    found = librosa.segment.agglomerative(rows, len(piece.joins) + 1)
    return np.asarray(found[1:] * hop / 22_050)
