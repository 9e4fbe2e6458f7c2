"""What steers a voice is heard on real corpora: the parent it speaks within, and what it leans to."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.learning.pipeline import learn
from idiolect.learning.settings import LearnSettings, TrainingSettings
from stage import Stage

pytestmark = pytest.mark.slow

SECONDS = 20
BUDGET = 12.0  # seconds of training
CORPORA = ("violin_garner", "drums_jazz", "speech_stephanie")


@pytest.fixture(scope="module", params=CORPORA)
def bundle(
    request: pytest.FixtureRequest, corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    path: Path = tmp_path_factory.mktemp("guided") / "real.idiolect"
    settings = LearnSettings(training=TrainingSettings(budget=BUDGET))
    learn([corpora / request.param], path, settings=settings, progress=lambda *_: None)
    return Bundle.open(path)


def _spoken(bundle: Bundle, **values: float) -> NDArray[np.void]:
    """Play, and give the steps."""
    stage = Stage(bundle, 1)
    for name, value in ({"continuity": 0.5, "random_seed": 3} | values).items():
        stage.player.set(name, 1, value)
    stage.player.set("run", 1, 1.0)
    stage.play(SECONDS, block=4096)
    count = min(int(stage.planner.plan.voices["steps"][0]), 900)
    return stage.planner.plan.steps[0][:count]


def test_with_the_parent_fixed_more_comes_from_its_class(bundle: Bundle) -> None:
    """The mean over the commonest classes of what the grains lie in."""
    grains, notes = bundle.scales[0].units, bundle.scales[1].units
    classes = notes["token"][grains["parent"]]
    common = np.argsort(-np.bincount(classes))[:4]
    shares = [
        [
            float((classes[_spoken(bundle, parent=parent)["unit"]] == token).mean())
            for parent in (-2, int(token))
        ]
        for token in common
    ]
    free, told = np.mean(shares, axis=0)
    assert told > 2 * free, shares


def test_the_more_it_leans_the_brighter_it_is(bundle: Bundle) -> None:
    """From a deviation darker to one brighter, whatever the corpus."""
    column = bundle.manifest["descriptors"].index("centroid")
    values = bundle.scales[0].descriptors[:, column]
    means = []
    for bias in (-1, -0.5, 0, 0.5, 1):
        steps = _spoken(bundle, **{"bias/centroid": bias})
        means.append(float(values[steps["unit"]].mean()))
        assert steps["entropy"].mean() > 0.2  # more than one sound is still possible
    assert means == sorted(means), means
