from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.bundle.shelf import Shelf
from idiolect.errors import BundleError, ConfigError, ControlError
from synthetic import make_bundle


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder: Path = tmp_path_factory.mktemp("house") / "shelf"
    make_bundle(folder / "a.idiolect", seconds=3)
    make_bundle(folder / "b", seconds=3, seed=1)
    make_bundle(folder.parent / "outside.idiolect", seconds=3)
    return Shelf(folder, 16_000)


def test_a_bundle_comes_by_its_name_at_the_rate_that_is_wanted(shelf: Shelf) -> None:
    assert shelf.names() == ["a", "b"]
    for name in ("a", "a.idiolect", "b"):
        bundle = shelf.open(name)
        assert bundle.name == name.removesuffix(".idiolect")
        assert bundle.sample_rate == 16_000
        bundle.audio[-1]


@given(st.text(max_size=30) | st.text("./\\ab\0", max_size=12))
def test_no_name_leads_out(shelf: Shelf, name: str) -> None:
    if name.removesuffix(".idiolect") in ("a", "b"):
        return
    with pytest.raises((ControlError, BundleError)):
        shelf.open(name)


@pytest.mark.parametrize("name", ["a\0", "a\0b", "../outside", "..", "", "a/", "shelf/../a"])
def test_what_is_no_plain_name_is_refused_unread(shelf: Shelf, name: str) -> None:
    with pytest.raises(ControlError, match="not a bundle's name"):
        shelf.open(name)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"control\.bundles"):
        Shelf(tmp_path / "nowhere", 8000)
