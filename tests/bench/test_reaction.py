"""The ear hears what is turned, never before it was."""

from pathlib import Path

import pytest

from components import require
from idiolect.bench.reaction import measure


@pytest.mark.slow
def test_every_change_is_heard_after_it_was_sent(learned: Path) -> None:
    for component in ("jackd", "scsynth", "sclang"):
        require(component)
    found = measure(learned, 6, lambda _: None)
    assert set(found) == {"gain", "pan", "scsynth /n_set"}
    for row in found.values():
        assert 0 <= row["median"] <= row["p99"] <= row["most"]
