"""What tests of several parts share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from components import versions
from idiolect.bundle.bundle import Bundle
from idiolect.corpus.example import PIECES, write_example
from idiolect.performance.warm_up import warm_up
from synthetic import make_bundle

ROOT = Path(__file__).resolve().parents[1]
_MOST_OPEN = 200  # files; a process may have 256 on macOS, 1024 elsewhere, if nobody asks for more


def pytest_report_header() -> list[str]:
    """Name the versions of the programs that tests run, where all must be there: in CI."""
    if os.environ.get("IDIOLECT_REQUIRE_COMPONENTS") != "1":
        return []
    return [f"with {', '.join(versions())}"]


@pytest.fixture(scope="session", autouse=True)
def kernels(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile everything once, so that no test, and no daemon that a test starts, waits for it.

    Of workers beside each other one compiles, and the others read what it kept.
    """
    bundle = make_bundle(tmp_path_factory.mktemp("kernels") / "random.idiolect")
    with FileLock(tmp_path_factory.getbasetemp().parent / "kernels.lock"):
        warm_up(bundle, bundle.sample_rate, lambda _: None)


@pytest.fixture(scope="module", autouse=True)
def few_open_files() -> Iterator[None]:
    """Give back what bundles keep open: each has some twenty files, until cycles are looked for."""
    yield
    folder = Path("/dev/fd")
    if folder.is_dir() and sum(1 for _ in folder.iterdir()) > _MOST_OPEN:
        gc.collect()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real recordings beside the project; a skip where it is not, in CI a failure."""
    folder = ROOT.parent / "shared/corpora"
    if not folder.is_dir():
        reason = "the corpora are not beside the project (../shared/corpora)"
        if os.environ.get("IDIOLECT_REQUIRE_COMPONENTS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one piece of the example corpus."""
    folder: Path = tmp_path_factory.mktemp("example") / "sounds"
    write_example(folder, pieces=PIECES[1:2])
    return folder


@pytest.fixture(scope="session")
def learned(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle learned from one piece of the example corpus, in a few seconds."""
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    path: Path = tmp_path_factory.mktemp("learned") / "example.idiolect"
    settings = LearnSettings(training=TrainingSettings(budget=2, max_steps=30))
    learn([example], path, settings=settings, progress=lambda *_: None)
    Bundle.open(path)
    return path
