"""What the network is given to read, and what it is judged on."""

from dataclasses import replace

import numpy as np

from idiolect.learning.sequences import Chunk, Sequence, collate, draw_chunks, held_out_chunks
from idiolect.learning.split import GAP, TEST, TRAIN, VALIDATION

NOTHING = 8  # 5 + 3 tokens: the next id is "nothing yet"


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
    assert (batch.token[:, 0] == NOTHING).all()
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


def test_the_unit_that_ends_a_source_is_read_as_a_beginning_that_sounds_like_it(
    sequences: list[Sequence],
) -> None:
    sources = np.repeat([0, 1, 2], [100, 50, 250])
    split = [replace(sequences[0], sources=sources), sequences[1]]
    batch = collate(split, [Chunk(0, 90, 70, 0)])
    beginnings = np.flatnonzero(batch.token[0].numpy() == NOTHING)
    assert beginnings.tolist() == [0, 10, 60]  # the chunk's own start, and units 100 and 150
    np.testing.assert_array_equal(batch.descriptors[0, 10], split[0].descriptors[99])
    np.testing.assert_array_equal(batch.present[0, 60], split[0].present[149])
    np.testing.assert_array_equal(batch.target[0], split[0].tokens[90:160])


def test_who_is_told_the_parents_reads_those_of_the_units_that_follow(
    sequences: list[Sequence],
) -> None:
    parents = np.where(np.arange(400) % 50 == 0, -1, 5 + np.arange(400) // 10 % 3)
    nested = [replace(sequences[0], parents=parents), sequences[1]]
    chunks = [Chunk(0, 95, 40, 0), Chunk(0, 95, 20, 0)]
    batch = collate(nested, chunks, np.array([True, False]))
    expected = np.where(parents < 0, NOTHING, parents)[95:135]
    np.testing.assert_array_equal(batch.parent[0], expected)
    assert (batch.parent[1] == NOTHING).all()
    assert (collate(nested, chunks).parent == NOTHING).all()
