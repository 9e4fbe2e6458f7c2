"""Long silences are shortened, however the audio comes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from idiolect.corpus.reading.silence import shorten


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(1, 40), st.integers(0, 9))
def test_block_sizes_never_change_the_result(runs: list[int], size: int, longest: int) -> None:
    parts = [np.full((run, 2), 0.5 * (i % 2), np.float32) for i, run in enumerate(runs)]
    audio = np.concatenate(parts)
    whole = [*shorten(iter([audio]), longest)]
    blocks = (audio[at : at + size] for at in range(0, len(audio), size))
    pieces = [np.zeros((0, 2), np.float32), *shorten(blocks, longest)]
    wanted = np.concatenate([np.zeros((0, 2), np.float32), *whole])
    np.testing.assert_array_equal(np.concatenate(pieces), wanted)
    assert (wanted > 0).sum() == (audio > 0).sum()
    if longest:
        loud = np.flatnonzero(np.append(wanted[:, 0], 1.0) > 0)
        assert np.diff(loud, prepend=-1).max() <= longest + 1
    else:
        np.testing.assert_array_equal(wanted, audio)
