"""Every clustering on every corpus, and on many rows: tokens, seconds, memory.

Each run is a process of its own, ``python -m idiolect.bench.vocabularies``.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from idiolect.bench.analysis import peak_mib
from idiolect.bundle.bundle import Bundle
from idiolect.config.learning import CLUSTERINGS, VocabularyConfig
from idiolect.learning.pipeline import learn
from idiolect.learning.settings import LearnSettings, TrainingSettings
from idiolect.vocabulary.vocabulary import Vocabulary

__all__ = ["measure"]

METHODS = tuple(method for method in CLUSTERINGS if method != "auto")
ROWS, COLUMNS, BLOBS = 100_000, 30, 50
SYNTHETIC = "synthetic"


def measure(corpora: list[Path]) -> dict[str, Any]:
    """Fit every method to the grains of every corpus, and to many synthetic rows.

    Returns
    -------
    dict
        By corpus and method: units, tokens, seconds, peak of memory in MiB, and what was noted.
    """
    found: dict[str, Any] = {}
    for corpus in corpora:
        with TemporaryDirectory() as folder:
            bundle = Path(folder, "a.idiolect")
            settings = LearnSettings(training=TrainingSettings(max_steps=0))
            learn([corpus], bundle, settings=settings, progress=lambda *_: None)
            found[corpus.name] = {method: _run(str(bundle), method) for method in METHODS}
    found[SYNTHETIC] = {method: _run(SYNTHETIC, method) for method in METHODS}
    return found


def _run(rows: str, method: str) -> dict[str, Any]:
    program = [sys.executable, "-m", "idiolect.bench.vocabularies", rows, method]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _fit(rows: str, method: str) -> dict[str, Any]:
    if rows == SYNTHETIC:
        rng = np.random.default_rng(0)
        centres = rng.normal(0, 3, (BLOBS, COLUMNS))
        points = centres[rng.integers(0, BLOBS, ROWS)] + rng.normal(size=(ROWS, COLUMNS))
        descriptors = points.astype(np.float32)
    else:
        descriptors = np.array(Bundle.open(Path(rows)).scales[0].descriptors)
    begun = time.perf_counter()
    found = Vocabulary(VocabularyConfig(method=method)).fit(descriptors)
    return {
        "units": len(descriptors),
        "tokens": len(found.centroids_),
        "seconds": time.perf_counter() - begun,
        "peak_mib": peak_mib(),
        "notes": found.notes_,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_fit(sys.argv[1], sys.argv[2])))
