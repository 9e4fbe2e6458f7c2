"""The corpus as the planner sees it: all units of all scales in plain arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.compiled import brief, njit

__all__ = ["Inventory", "load_inventory", "successor", "unit_at"]


class Inventory(NamedTuple):
    """Units of all scales, finest first, end to end.

    N units, D descriptors, B bands, T tokens, S scales.  A *local* index counts in its scale, a
    *global* one across scales: global = local + the scale's offset.
    """

    units: NDArray[np.void]  # UNIT[N]; token and parent are local
    descriptors: NDArray[np.float32]  # (N, D), standardised, 0 where missing
    present: NDArray[np.float32]  # (N, D), 1 where present, else 0
    edges: NDArray[np.float32]  # (N, 2, B + 1), what each unit joins well, and how it ends
    heads: NDArray[np.float32]  # (N,) mean of what each joins well
    allowed: NDArray[np.uint8]  # (N,) 1 where a unit may be chosen, else 0
    members: NDArray[np.int64]  # (N,) global units allowed, token after token, by `heads` in each
    member_start: NDArray[np.int64]  # (T + 1,) where each global token's members begin
    unit_offset: NDArray[np.int64]  # (S + 1,) where each scale's units begin
    token_offset: NDArray[np.int64]  # (S + 1,) where each scale's tokens begin


def load_inventory(bundle: Bundle) -> Inventory:
    """Copy the bundle's units into private arrays, so that no step waits for the disk."""
    scales = bundle.scales
    unit_offset = np.cumsum([0, *(len(s.units) for s in scales)], dtype=np.int64)
    token_offset = np.cumsum([0, *(s.token_count for s in scales)], dtype=np.int64)
    tokens = np.concatenate(
        [s.units["token"] + first for s, first in zip(scales, token_offset[:-1], strict=True)]
    )
    counts = np.bincount(tokens, minlength=int(token_offset[-1]))
    edges = np.concatenate([_face(s.units, s.edges) for s in scales])
    heads = edges[:, 0].mean(axis=1, dtype=np.float64).astype(np.float32)
    return Inventory(
        units=np.concatenate([s.units for s in scales]),
        descriptors=np.concatenate([s.descriptors for s in scales]),
        present=np.concatenate([s.present for s in scales]).astype(np.float32),
        edges=edges,
        heads=heads,
        allowed=np.ones(len(tokens), np.uint8),
        members=np.lexsort((heads, tokens)).astype(np.int64),
        member_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        unit_offset=unit_offset,
        token_offset=token_offset,
    )


def _face(units: NDArray[np.void], edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay out what each unit of a scale joins well, and how it ends.

    Before a unit's onset what sounds fades into what precedes the unit in its source, and only then
    comes the unit.  So the step t - h from the tail that sounds to the new head counts half, and the
    one t - p to the tail that precedes that head the other half:
    ½|t - h|² + ½|t - p|² = |t - m|² + ¼|p - h|², with m half way from p to h.
    The last term is a band of its own, in which everything ends with 0.

    Parameters
    ----------
    units : UNIT[units]
        Of the scale.
    edges : float32[units, 2, bands]
        Of the bundle.

    Returns
    -------
    float32[units, 2, bands + 1]
    """
    heads, before = edges[:, 0].astype(np.float64), edges[:, 0].astype(np.float64)
    ends, starts = units["start"][:-1] + units["length"][:-1], units["start"][1:]
    known = 1 + np.flatnonzero((ends == starts) & (units["source"][:-1] == units["source"][1:]))
    before[known] = edges[known - 1, 1]
    faced = np.zeros((len(units), 2, edges.shape[2] + 1), np.float32)
    faced[:, 0, :-1] = (before + heads) / 2
    faced[:, 0, -1] = np.sqrt(((before - heads) ** 2).sum(axis=1)) / 2
    faced[:, 1, :-1] = edges[:, 1]
    return faced


@njit
def successor(inventory: Inventory, scale: int, unit: int) -> int:
    """Find the unit that followed in the corpus.

    Parameters
    ----------
    inventory
        Of the bundle.
    scale : int64
        Scale of the unit.
    unit : int64
        Local index; -1 when nothing sounds.

    Returns
    -------
    int64
        Local index; -1 at the end of a source, or when nothing sounds.

    Notes
    -----
    Ahead.
    """
    first = inventory.unit_offset[scale]
    if unit < 0 or unit + 1 >= inventory.unit_offset[scale + 1] - first:
        return -1
    here, there = inventory.units[first + unit], inventory.units[first + unit + 1]
    return unit + 1 if here.source == there.source else -1


@brief
def unit_at(inventory: Inventory, scale: int, frame: int) -> int:
    """Find the unit of a scale that covers a frame of the bundle's audio.

    Parameters
    ----------
    inventory
        Of the bundle.
    scale : int64
        Where to look.
    frame : int64
        In the bundle's audio.

    Returns
    -------
    int64
        Local index; the nearest unit where none covers the frame.

    Notes
    -----
    Ahead.  O(log units).
    """
    first, last = inventory.unit_offset[scale], inventory.unit_offset[scale + 1]
    low, high = first, last  # the last unit that starts at or before the frame is below high
    while low < high:
        middle = (low + high) // 2
        if inventory.units[middle].start <= frame:
            low = middle + 1
        else:
            high = middle
    if low == first:
        return 0
    before = inventory.units[low - 1]
    gap = frame - (before.start + before.length) + 1  # frames past its last one
    if low < last and gap > 0 and inventory.units[low].start - frame < gap:
        return int(low - first)
    return int(low - 1 - first)
