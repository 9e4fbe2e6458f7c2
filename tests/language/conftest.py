from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from synthetic import make_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A random bundle with a window of 8 steps."""
    folder: Path = tmp_path_factory.mktemp("language")
    return make_bundle(folder / "random.idiolect", seconds=10)
