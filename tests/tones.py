"""Small corpora of tones, written to disk, for tests that learn."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

PITCHES = (220.0, 330.0, 275.0, 440.0)  # Hz, a phrase that repeats


def melody(seconds: float, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Play decaying tones of 0.2 to 0.3 s, one after the other, over a little noise.

    Parameters
    ----------
    seconds, sample_rate
        How long, and frames per second.
    seed
        Of the noise and the lengths.
    """
    rng = np.random.default_rng(seed)
    out = 0.001 * rng.normal(size=round(seconds * sample_rate))
    at, note = 0, 0
    while at < len(out):
        length = round(rng.uniform(0.2, 0.3) * sample_rate)
        time = np.arange(min(length, len(out) - at)) / sample_rate
        tone = np.sin(2 * np.pi * PITCHES[note % len(PITCHES)] * time)
        out[at : at + len(time)] += 0.5 * tone * np.exp(-12 * time) * np.minimum(1, time * 500)
        at, note = at + length, note + 1
    return out.astype(np.float32)


def write_corpus(
    folder: Path, *, seconds: float = 12.0, sample_rate: int = 8000, files: int = 2
) -> Path:
    """Write `files` melodies, together `seconds` long, and give the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(files):
        audio = melody(seconds / files, sample_rate, seed=index)
        soundfile.write(folder / f"melody_{index}.wav", audio, sample_rate, subtype="PCM_16")
    return folder
