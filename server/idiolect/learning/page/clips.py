"""Short sounds of the exemplars, compressed, in a bounded number of bytes."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

__all__ = ["Clips", "clip"]

LONGEST = (2.0, 1.0, 0.5, 0.25)  # seconds of a clip; the first that fits is taken
MOST_SECONDS = 240.0  # of all clips of the page together; about as long as fits in MOST_BYTES
MOST_BYTES = 2_500_000  # of all clips together, before base64
FADE = 0.005  # seconds, at both ends
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000)  # MPEG layer III; 32 kHz is enough
WAV_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of one scale."""

    type: str  # MIME
    seconds: float  # the longest
    missing: int  # tokens that have units but, for want of room, no clip
    data: list[str | None]  # base64, one for each token


def clip(
    audio: NDArray[np.float32],
    rate: int,
    scales: list[tuple[NDArray[np.void], NDArray[np.int64]]],
) -> list[Clips]:
    """Cut and compress every exemplar, finest scale first, while there is room.

    Parameters
    ----------
    audio : float32[frames, channels]
        The bundle's.
    rate
        Its frames per second.
    scales
        UNIT[units] of each scale, and int64[tokens], the exemplar of each token (-1: none).

    Returns
    -------
    list of Clips
        One for each scale.

    Notes
    -----
    MP3, since every browser plays it and equal audio gives equal bytes, which Ogg's random serial
    numbers prevent; where this libsndfile cannot write it, 16-bit WAV at a lower rate.
    """
    lengths = [units["length"][found[found >= 0]] / rate for units, found in scales]
    every = np.concatenate(lengths)
    fitting = (s for s in LONGEST if np.minimum(every, s).sum() <= MOST_SECONDS)
    seconds = next(fitting, LONGEST[-1])
    kind = "mp3" if "MP3" in soundfile.available_formats() else "wav"
    room, result = MOST_BYTES, []
    for units, found in scales:
        data: list[str | None] = []
        for unit in found:
            encoded = b""
            if unit >= 0 and room > 0:
                encoded = _encode(_cut(audio, rate, units[unit], seconds), rate, kind)
                room = room - len(encoded) if len(encoded) <= room else 0
            fits = encoded and room > 0
            data.append(base64.b64encode(encoded).decode("ascii") if fits else None)
        missing = sum(text is None for text in data) - int((found < 0).sum())
        result.append(Clips("audio/mpeg" if kind == "mp3" else "audio/wav", seconds, missing, data))
    return result


def _cut(
    audio: NDArray[np.float32], rate: int, unit: np.void, seconds: float
) -> NDArray[np.float32]:
    """Cut the unit, at most so many seconds of it, from its loudest channel, and fade its ends."""
    start, length = int(unit["start"]), min(int(unit["length"]), round(seconds * rate))
    samples = np.asarray(audio[start : start + length])
    loudest = (samples.astype(np.float64) ** 2).sum(axis=0).argmax()  # a sum could cancel
    faded = np.clip(samples[:, loudest], -1, 1)
    size = min(max(1, round(FADE * rate)), len(faded) // 2)
    ramp = (np.arange(size) + 0.5).astype(np.float32) / max(size, 1)
    faded[:size] *= ramp
    faded[len(faded) - size :] *= ramp[::-1]
    return faded


def _encode(samples: NDArray[np.float32], rate: int, kind: str) -> bytes:
    allowed = MP3_RATES if kind == "mp3" else (WAV_RATE,)
    target = max((r for r in allowed if r <= rate), default=allowed[0])
    if target != rate:
        samples = np.clip(soxr.resample(samples, rate, target), -1, 1)
    file = io.BytesIO()
    if kind == "mp3":
        soundfile.write(
            file, samples, target, format="MP3", compression_level=0.5, bitrate_mode="VARIABLE"
        )
    else:
        soundfile.write(file, samples, target, format="WAV", subtype="PCM_16")
    return file.getvalue()
