"""The callback's memory is there before it is reached for."""

import subprocess
import sys

import numpy as np
import pytest

from idiolect.engine.layout import VOICE
from idiolect.engine.locking import lock

CODE = """
import resource, sys, numpy as np
from idiolect.engine import locking
if sys.argv[1] == "forbidden":
    locking._lock = lambda array: False
arrays = [np.zeros((1 << 20, 4), np.float32), np.zeros(3, np.int64)]
locked = locking.lock(arrays)
assert not (locked and sys.argv[1] == "forbidden")
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
arrays[0][:] = 1.0
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_what_an_array_holds_stays() -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(777, 3)), np.ones(5, VOICE), np.arange(1)]
    before = [array.copy() for array in arrays]
    lock(arrays)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.skipif(sys.platform != "linux", reason="faults are counted otherwise here")
@pytest.mark.parametrize("how", ["permitted", "forbidden"])
def test_the_first_use_makes_no_page_fault_whether_locking_is_permitted_or_not(how: str) -> None:
    program = [sys.executable, "-c", CODE, how]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64  # of 4096 pages
