"""A small corpus made by synthesis: plucked strings and percussion, in bars and phrases.

About 90 s in five pieces, for `idiolect demo` and for the tests.  It is written here, with numpy
alone, so that a first sound needs no download and nobody's recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from idiolect.corpus.instruments import hat, kick, pluck, room, snare

__all__ = ["PIECES", "SAMPLE_RATE", "Piece", "write_example"]

SAMPLE_RATE = 48_000  # Hz
PEAK = 0.6  # of the loudest sample of a piece
DRIVE = 2.5
TAIL = 1.2  # seconds a piece rings after its last beat
PHRASE = 4  # bars
BEATS = 4  # in a bar

MODES = {
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
}

GROOVE = {  # sixteenths of one bar: x hit, o soft
    "kick": "x.....o.x...o...",
    "snare": "....x.......x..o",
    "hat": "x.o.x.o.x.o.x.oo",
}
FILL = {
    "kick": "x.....x.....x...",
    "snare": "....x..ox.oox.xx",
    "hat": "x.o.x.o.........",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What one piece is made of."""

    name: str
    tempo: float  # beats a minute
    root: int  # MIDI number of the mode's first degree
    mode: str
    chords: tuple[int, ...]  # degree of each bar of a phrase, 0 the first
    pattern: str  # eighths of one bar: which note of the chord is plucked, - rests
    strings: bool = True
    drums: bool = False
    melody: bool = False


PIECES = (
    Piece(
        name="1-dawn", tempo=100, root=50, mode="dorian", chords=(0, 3, 0, 6),
        pattern="02413142", melody=True,
    ),
    Piece(
        name="2-steps", tempo=108, root=45, mode="minor", chords=(0, 5, 2, 6),
        pattern="0-241-32", drums=True,
    ),
    Piece(
        name="3-skins", tempo=112, root=45, mode="minor", chords=(0, 0, 0, 0),
        pattern="--------", strings=False, drums=True,
    ),
    Piece(
        name="4-round", tempo=108, root=48, mode="major", chords=(0, 4, 5, 3),
        pattern="01234321", melody=True, drums=True,
    ),
    Piece(
        name="5-dusk", tempo=104, root=50, mode="dorian", chords=(0, 6, 3, 0),
        pattern="0-2-4-31", melody=True,
    ),
)  # fmt: skip


def write_example(folder: Path, *, pieces: tuple[Piece, ...] = PIECES, seed: int = 0) -> list[Path]:
    """Write the pieces as 16-bit WAV files.

    Parameters
    ----------
    folder
        Made when it is not there; files of the same names are replaced.
    pieces
        Which to write; each has two phrases of four bars.
    seed
        Behind every variation; the same seed gives the same samples.

    Returns
    -------
    list of Path
        The files, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, piece in enumerate(pieces):
        rng = np.random.default_rng([seed, index])
        path = folder / f"{piece.name}.wav"
        soundfile.write(path, perform(piece, rng), SAMPLE_RATE, subtype="PCM_16")
        paths.append(path)
    return paths


def perform(piece: Piece, rng: np.random.Generator) -> NDArray[np.float32]:
    """Play one piece.

    Returns
    -------
    float32[frames, 2]
        Linear, its peak at 0.6.
    """
    beat = 60 / piece.tempo
    seconds = 2 * PHRASE * BEATS * beat + TAIL
    out = np.zeros((int(seconds * SAMPLE_RATE), 2))
    notes: dict[int, NDArray[np.float64]] = {}
    for bar in range(2 * PHRASE):
        start = bar * BEATS * beat
        if piece.strings:
            for at, pitch, gain, pan in _strings(piece, bar, rng):
                if pitch not in notes:
                    notes[pitch] = pluck(440 * 2 ** ((pitch - 69) / 12), 2.2, SAMPLE_RATE, rng)
                _add(out, notes[pitch], start + at * beat, gain * rng.uniform(0.9, 1.0), pan)
        if piece.drums:
            for at, sound, gain, pan in _drums(bar, rng):
                _add(out, sound, start + at * beat, gain, pan)
    out = room(out, SAMPLE_RATE, rng)
    out = np.tanh(DRIVE * out / np.abs(out).max())  # as tape would, so that it is not all peaks
    return np.asarray(PEAK / np.tanh(DRIVE) * out, np.float32)


def _strings(
    piece: Piece, bar: int, rng: np.random.Generator
) -> Iterator[tuple[float, int, float, float]]:
    """Yield (beat, pitch, gain, pan): a bass note, the broken chord, and the melody's turn."""
    chord = piece.chords[bar % PHRASE]
    yield 0, _pitch(piece, chord) - 12, 0.9, 0.0
    if bar % 2:
        yield 2, _pitch(piece, chord + 4) - 12, 0.6, 0.0
    for eighth, note in enumerate(piece.pattern):
        if note != "-" and not (bar % PHRASE == PHRASE - 1 and eighth > 5):
            step = 2 * int(note) + (rng.random() < 0.08)
            yield eighth / 2, _pitch(piece, chord + step), 0.5 + 0.1 * (eighth % 2 == 0), -0.25
    if piece.melody and bar % 2:
        degree = chord + 7 + int(rng.integers(3))
        for at in (0, 1, 1.5, 2.5) if bar % PHRASE == 1 else (0, 1, 2):
            yield at, _pitch(piece, degree), 0.7, 0.3
            degree += int(rng.choice((-2, -1, 1, 1)))


def _drums(
    bar: int, rng: np.random.Generator
) -> Iterator[tuple[float, NDArray[np.float64], float, float]]:
    """Yield (beat, sound, gain, pan); every phrase ends with a fill."""
    groove = FILL if bar % PHRASE == PHRASE - 1 else GROOVE
    voices = (("kick", kick, 1.0, 0.0), ("snare", snare, 0.5, -0.1), ("hat", hat, 0.22, 0.35))
    for name, make, gain, pan in voices:
        for sixteenth, mark in enumerate(groove[name]):
            if mark != ".":
                soft = 0.55 if mark == "o" else 1.0
                yield sixteenth / 4, make(SAMPLE_RATE, rng), gain * soft, pan


def _pitch(piece: Piece, degree: int) -> int:
    mode = MODES[piece.mode]
    return piece.root + 12 * (degree // len(mode)) + mode[degree % len(mode)]


def _add(
    out: NDArray[np.float64], sound: NDArray[np.float64], at: float, gain: float, pan: float
) -> None:
    """Mix a mono sound in, `at` seconds, balanced between left (-1) and right (1)."""
    first = int(at * SAMPLE_RATE)
    held = sound[: len(out) - first, np.newaxis]
    out[first : first + len(held)] += held * gain * np.array([min(1, 1 - pan), min(1, 1 + pan)])
