"""Make the golden bundle: ``python tests/golden/make.py``.

It was written once, by format 1, and is opened by the tests for ever; it is made again only beside
a new format version, under another name.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from idiolect.corpus.settings import CorpusSettings
from idiolect.learning.pipeline import learn
from idiolect.learning.settings import LearnSettings, ModelShape, TrainingSettings
from tones import write_corpus

RATE = 4000  # Hz: three seconds of it are 48 kB

with tempfile.TemporaryDirectory() as folder:
    corpus = write_corpus(Path(folder) / "tones", seconds=6, sample_rate=RATE)
    learn(
        [corpus],
        Path(__file__).with_name("tones.idiolect"),
        settings=LearnSettings(
            corpus=CorpusSettings(sample_rate=RATE, fewest_units=4),
            training=TrainingSettings(max_steps=30, check_every=10),
            shape=ModelShape(layers=2, width=16, heads=2, window=16),
        ),
        progress=lambda *_: None,
    )
