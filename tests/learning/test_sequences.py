"""What the network is given to read, and what it is judged on."""

import numpy as np

from idiolect.learning.sequences import Sequence, collate, draw_chunks, held_out_chunks
from idiolect.learning.split import GAP, TEST, TRAIN, VALIDATION


def test_each_held_out_unit_is_judged_once_and_its_context_was_not_learned_from(
    sequences: list[Sequence],
) -> None:
    for sequence in sequences:
        for kind in (VALIDATION, TEST):
            judged = np.zeros(len(sequence.tokens), int)
            for chunk in held_out_chunks(sequence, kind, window=8):
                read = sequence.kinds[chunk.first : chunk.first + chunk.count]
                assert set(read.tolist()) <= {kind, GAP}
                judged[chunk.first + chunk.scored : chunk.first + chunk.count] += 1
            np.testing.assert_array_equal(judged, sequence.kinds == kind)


def test_chunks_to_learn_from_hold_training_units_alone(sequences: list[Sequence]) -> None:
    generator = np.random.default_rng(0)
    seen = [np.zeros(len(s.tokens), int) for s in sequences]
    for chunk in draw_chunks(sequences, 500, 16, generator):
        part = slice(chunk.first, chunk.first + chunk.count)
        assert 1 <= chunk.count <= 16
        assert (sequences[chunk.scale].kinds[part] == TRAIN).all()
        seen[chunk.scale][part] += 1
    for counts, sequence in zip(seen, sequences, strict=True):
        assert (counts[sequence.kinds == TRAIN] > 0).all()


def test_a_row_begins_with_nothing_and_what_follows_is_one_step_ahead(
    sequences: list[Sequence],
) -> None:
    chunks = draw_chunks(sequences, 6, 16, np.random.default_rng(1))
    batch = collate(sequences, chunks)
    assert (batch.token[:, 0] == 8).all()  # 5 + 3 tokens: the next id is "nothing yet"
    assert (batch.descriptors[:, 0] == 0).all()
    assert (batch.present[:, 0] == 0).all()
    for row, chunk in enumerate(chunks):
        sequence, count = sequences[chunk.scale], chunk.count
        expected = sequence.tokens[chunk.first : chunk.first + count] + sequence.offset
        np.testing.assert_array_equal(batch.target[row, :count], expected)
        np.testing.assert_array_equal(batch.token[row, 1:count], expected[:-1])
        assert batch.weight[row].sum() == count
        assert (batch.target[row] >= batch.low[row]).all()
        assert (batch.target[row] < batch.high[row]).all()
