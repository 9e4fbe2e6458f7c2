"""How many phrase boundaries fall on bar lines, on loops whose names tell the tempo."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["measure"]

RATE = 48_000  # Hz
WITHIN = 0.03  # seconds from a bar line
DELAY = 0.12  # seconds of silence an MP3 may begin with
FOLDERS = ("drums_jazz", "drums_lofi")


def measure(corpora: Path) -> dict[str, Any]:
    """Segment every loop and count the inner phrase boundaries on bar lines.

    Parameters
    ----------
    corpora
        The folder that holds the folders of loops.

    Returns
    -------
    dict
        For JSON: for each file the method, its boundaries and those on a bar line; and the share
        of all.
    """
    from idiolect.config.learning import ScaleSettings
    from idiolect.corpus.boundaries.segment import segment_source
    from idiolect.corpus.reading.decode import Decoder
    from idiolect.corpus.settings import CorpusSettings

    phrase = ScaleSettings(name="phrase", method="beat", shortest=1.5, longest=8.0)
    settings = CorpusSettings(sample_rate=RATE, scales=(phrase,))
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(p for name in FOLDERS for p in (corpora / name).glob("*.mp3")):
        tempo = re.match(r"(\d+)bpm", path.name)
        if tempo:
            audio = np.concatenate(list(Decoder(path, RATE, 2).blocks()))
            (found,) = segment_source(audio, 0, len(audio), settings)
            inner = found.frames[1:-1] / RATE
            on = _on_bars(inner, 240.0 / int(tempo[1]))
            files[path.name] = {"method": found.method, "boundaries": len(inner), "on_bars": on}
    total = sum(file["boundaries"] for file in files.values())
    on = sum(file["on_bars"] for file in files.values())
    return {"files": files, "boundaries": total, "on_bars": on, "share": on / max(1, total)}


def _on_bars(seconds: NDArray[np.float64], bar: float) -> int:
    """Count the boundaries on bar lines under the best delay."""
    delays = np.arange(0.0, DELAY + 0.001, 0.002)
    away = (seconds[:, None] - delays + bar / 2) % bar - bar / 2
    return int((np.abs(away) <= WITHIN).sum(axis=0).max(initial=0))
