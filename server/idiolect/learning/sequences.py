"""The units of each scale as the network reads them."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from idiolect.learning.split import GAP, TRAIN

__all__ = ["Batch", "Chunk", "Sequence", "collate", "draw_chunks", "held_out_chunks", "runs"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """All units of one scale, in corpus order."""

    name: str
    scale: int  # index, 0 is the finest
    offset: int  # first global id of its tokens
    size: int  # tokens of the scale
    tokens: NDArray[np.int64]  # (units,), within the scale
    descriptors: NDArray[np.float32]  # (units, descriptors), standardised
    present: NDArray[np.bool_]  # (units, descriptors)
    kinds: NDArray[np.int64]  # (units,), the set each unit belongs to
    sources: NDArray[np.int64]  # (units,), the file each unit lies in
    parents: NDArray[np.int64]  # (units,), global id of the parent's token; -1: it has none

    @property
    def ends(self) -> NDArray[np.bool_]:
        """Say of each unit whether its source ends with it, bool[units]."""
        return np.asarray(np.diff(self.sources, append=-1) != 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a sequence read as one row, from an empty context."""

    scale: int
    first: int
    count: int
    scored: int  # units before this one in the chunk are context alone


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of equal length, padded at the end."""

    token: Tensor  # int64 (batch, time), what sounded before: the start, then units
    descriptors: Tensor  # float32 (batch, time, descriptors)
    present: Tensor  # float32 (batch, time, descriptors)
    scale: Tensor  # int64 (batch, time)
    parent: Tensor  # int64 (batch, time), of the unit that follows; the number of tokens: none
    target: Tensor  # int64 (batch, time), global id of the unit that follows
    target_descriptors: Tensor  # float32 (batch, time, descriptors)
    target_present: Tensor  # float32 (batch, time, descriptors)
    weight: Tensor  # float32 (batch, time), 1 where the target counts
    low: Tensor  # int64 (batch,), the row's tokens are low to high - 1
    high: Tensor  # int64 (batch,)

    def to(self, device: torch.device) -> "Batch":
        """Give the same batch on a device."""
        return Batch(**{part.name: getattr(self, part.name).to(device) for part in fields(self)})


def runs(kinds: NDArray[np.int64], kind: int) -> list[tuple[int, int]]:
    """List the stretches of units of one set, as (first, end)."""
    inside = np.concatenate([[False], kinds == kind, [False]])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def held_out_chunks(sequence: Sequence, kind: int, window: int) -> list[Chunk]:
    """Lay chunks over the units of a held-out set, so that each is judged once.

    A chunk reads up to one window of context before what it judges; the context reaches back into
    the gap but never into units that were learned from.
    """
    chunks = []
    for first, end in runs(sequence.kinds, kind):
        begin = first
        while begin > 0 and first - begin < window and sequence.kinds[begin - 1] == GAP:
            begin -= 1
        for at in range(first, end, window):
            low = max(begin, at - window)
            chunks.append(Chunk(sequence.scale, low, min(end, at + window) - low, at - low))
    return chunks


def draw_chunks(
    sequences: list[Sequence], rows: int, length: int, generator: np.random.Generator
) -> list[Chunk]:
    """Draw chunks to learn from; scales in proportion to the root of their units."""
    places = [(s.scale, a, b) for s in sequences for a, b in runs(s.kinds, TRAIN)]
    units = {s.scale: float((s.kinds == TRAIN).sum()) for s in sequences}
    share = np.array([(b - a) / np.sqrt(units[scale]) for scale, a, b in places])
    drawn = generator.choice(len(places), size=rows, p=share / share.sum())
    chunks = []
    for index in drawn.tolist():
        scale, first, end = places[index]
        # Starting before the run and clipping gives its first and last units their fair share.
        at = int(generator.integers(first - length + 1, end))
        low, high = max(first, at), min(end, at + length)
        chunks.append(Chunk(scale, low, high - low, 0))
    return chunks


def collate(
    sequences: list[Sequence], chunks: list[Chunk], guided: NDArray[np.bool_] | None = None
) -> Batch:
    """Make one batch of chunks.

    The unit that ends its source is read under the token of the start: what follows it is a
    beginning.  Its descriptors are read as ever, for files that stand side by side are often alike.

    Parameters
    ----------
    sequences
        By scale index.
    chunks
        The rows.
    guided : bool[rows]
        Which rows are told the parents; without it, none is.
    """
    time, rows = max(chunk.count for chunk in chunks), len(chunks)
    width = sequences[0].descriptors.shape[1]
    nothing = sum(sequence.size for sequence in sequences)
    told = np.zeros(rows, np.bool_) if guided is None else guided
    read, target, parent = (np.full((rows, time), nothing, np.int64) for _ in range(3))
    values, present, next_values, next_present = (
        np.zeros((rows, time, width), np.float32) for _ in range(4)
    )
    weight = np.zeros((rows, time), np.float32)
    scale = np.array([chunk.scale for chunk in chunks], np.int64)
    low = np.array([sequences[s].offset for s in scale], np.int64)
    high = low + np.array([sequences[s].size for s in scale], np.int64)
    target[:] = low[:, None]  # the padding's is any token of the row's scale: its weight is 0
    for row, chunk in enumerate(chunks):
        sequence, count = sequences[chunk.scale], chunk.count
        part = slice(chunk.first, chunk.first + count)
        target[row, :count] = sequence.tokens[part] + sequence.offset
        next_values[row, :count] = sequence.descriptors[part]
        next_present[row, :count] = sequence.present[part]
        weight[row, chunk.scored : count] = 1.0
        goes_on = ~sequence.ends[part][:-1]
        read[row, 1:count] = np.where(goes_on, target[row, : count - 1], nothing)
        values[row, 1:count] = next_values[row, : count - 1]
        present[row, 1:count] = next_present[row, : count - 1]
        if told[row]:
            parent[row, :count] = np.where(
                sequence.parents[part] < 0, nothing, sequence.parents[part]
            )
    return Batch(
        token=torch.from_numpy(read),
        descriptors=torch.from_numpy(values),
        present=torch.from_numpy(present),
        scale=torch.from_numpy(np.repeat(scale[:, None], time, axis=1)),
        parent=torch.from_numpy(parent),
        target=torch.from_numpy(target),
        target_descriptors=torch.from_numpy(next_values),
        target_present=torch.from_numpy(next_present),
        weight=torch.from_numpy(weight),
        low=torch.from_numpy(low),
        high=torch.from_numpy(high),
    )
