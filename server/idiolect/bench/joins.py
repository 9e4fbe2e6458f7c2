"""How well units join that did not follow each other in the corpus, by every way to choose them.

One sequence of tokens, drawn by the instrument itself at continuity 0, is put to every method; what
each chooses is rendered by the engine, and measured around every onset: the largest distance
between log-mel spectra one hop apart.  The measure of all is the same distance where units follow
each other in the corpus.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.bench.levels import level_steps, measure_levels
from idiolect.bench.rendering import Rendered, free_run, play_units
from idiolect.bundle.bundle import Bundle
from idiolect.corpus.spectrum import decibel, power_spectra
from idiolect.language.decoder import expect_descriptors
from idiolect.language.model import Model, load_model
from idiolect.mel import mel_bands
from idiolect.parameters.table import VOICE
from idiolect.selection.cost import join_cost, recency_cost, target_cost
from idiolect.selection.inventory import Inventory, load_inventory, successor
from idiolect.selection.search import (
    JOIN_WEIGHT,
    RECENCY_WEIGHT,
    TARGET_WEIGHT,
    WINDOW,
    add_step,
    choose_member,
    choose_path,
    make_window,
)

__all__ = ["lines", "measure"]

SIZE, HOP = 1024, 256  # frames at 48 kHz: the window of a spectrum, and how far apart two are
BANDS = 40
# Frames around an onset within which a spectrum may step: the widest fade.
BEFORE, AFTER = 1440, 256
RECENT = 64  # units that the recency cost remembers, as in play
CONTINUITIES = (0.0, 0.5, 0.9)
LEVELLING = VOICE["levelling"].default  # dB, as it plays, for all methods
LEVELLINGS = (0.0, 1.5, 3.0, 6.0)  # dB
QUIET_DB = -60.0  # what is softer has no level to speak of
COLUMNS = (
    ("step", 8, 3), ("uncoupled", 11, 3), ("eased", 8, 3), ("cost", 8, 3), ("jump", 8, 3),
    ("joins", 8, 0), ("level", 8, 3), ("worst", 8, 3), ("departure", 11, 2), ("range", 8, 3),
)  # fmt: skip

Units = NDArray[np.int64]


class Task(NamedTuple):
    """A token sequence, and what is expected of each unit in it."""

    inventory: Inventory
    tokens: Units  # (n,), of the finest scale
    means: NDArray[np.float32]  # (n, descriptors)
    variances: NDArray[np.float32]  # (n, descriptors)


def measure(path: Path, count: int) -> dict[str, object]:
    """Compare every method on one bundle.

    Parameters
    ----------
    path
        The bundle.
    count
        Steps of the token sequence.

    Returns
    -------
    dict
        By method: ``step``, the median step at the joins over that at natural boundaries;
        ``uncoupled``, the same with the longest fade at every onset; ``eased``, the share of the
        joins that step less coupled, of those that differ; ``cost``, of the path, a step; ``jump``,
        the largest between two frames over the corpus' own.  By continuity, what the instrument
        itself does: ``step``, ``joins``.  By levelling, the window's units: ``step``;
        ``level``, the median step in level at the joins over that at natural boundaries; ``worst``,
        the same of the steps that one in ten is larger than;
        ``departure``, by how many dB (root mean square) the level departs from what it is unlevelled;
        ``range``, the spread of levels over what it is unlevelled.
    """
    bundle = Bundle.open(path)
    task = _pose(bundle, count)
    natural = _natural_step(bundle)
    largest = _largest_jump(bundle.audio)
    found: dict[str, object] = {"natural_step_db": natural, "joins": count - 1}
    for name, choose in METHODS.items():
        units = choose(task)
        coupled, plain = (
            play_units(bundle, units, coupling=on, levelling=LEVELLING) for on in (True, False)
        )
        found[name] = {
            "step": _median_step(coupled) / natural,
            "uncoupled": _median_step(plain) / natural,
            "eased": _share_eased(coupled, plain),
            "cost": _path_cost(task, units),
            "jump": _largest_jump(coupled.audio) / largest,
        }
    found |= {
        f"window, levelled {most:g} dB": row
        for most, row in _levelled(bundle, METHODS["window"](task), natural, largest)
    }
    for continuity in CONTINUITIES:
        played = free_run(bundle, count, continuity)
        step = _median_step(played) / natural
        found[f"play, continuity {continuity:g}"] = {"step": step, "joins": len(played.joins)}
    return found


def lines(found: dict[str, dict[str, object]]) -> list[str]:
    """Lay the figures out as text."""
    heading = "".join(f"{name:>{width}}" for name, width, _ in COLUMNS)
    rows = [f"{'':<18}{'':<22}{heading}"]
    for bundle, methods in found.items():
        for name, row in methods.items():
            if isinstance(row, dict):
                cells = [
                    f"{row[key]:>{width}.{digits}f}" if key in row else " " * width
                    for key, width, digits in COLUMNS
                ]
                rows.append(f"{bundle:<18}{name:<22}{''.join(cells)}")
    return rows


def _pose(bundle: Bundle, count: int) -> Task:
    """Let the instrument speak, and keep its tokens and what it expected."""
    model, inventory = load_model(bundle), load_inventory(bundle)
    spoken = free_run(bundle, count, 0.0)
    expected = [
        _expect(model, hidden, token)
        for hidden, token in zip(spoken.hidden, spoken.tokens, strict=True)
    ]
    means, variances = (np.stack(each) for each in zip(*expected, strict=True))
    return Task(inventory, spoken.tokens, means, variances)


def _expect(
    model: Model, hidden: NDArray[np.float32], token: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mean = np.empty(model.weights.mean_head.shape[1], np.float32)
    variance = np.empty_like(mean)
    expect_descriptors(model.weights, hidden, int(token), mean, variance)
    return mean, variance


def _members(task: Task, step: int, previous: int) -> Units:
    """Give the units a step may choose from: never the one before, nor what followed it."""
    token = task.tokens[step]
    own = task.inventory.members[slice(*task.inventory.member_start[token : token + 2])]
    natural = successor(task.inventory, 0, previous)
    free = own[(own != previous) & (own != natural)]
    return free if len(free) else own


def _step_by_step(choose: Callable[[Task, int, int, Units], int]) -> Callable[[Task], Units]:
    def run(task: Task) -> Units:
        """Choose every unit in turn, each knowing those before it."""
        units: list[int] = []
        recent = np.zeros(RECENT, np.int64)
        for step in range(len(task.tokens)):
            units.append(choose(task, step, units[-1] if units else -1, recent))
            recent[step % RECENT] = units[-1]
        return np.array(units)

    return run


def _random(task: Task, step: int, previous: int, recent: Units) -> int:
    return int(np.random.default_rng(step).choice(_members(task, step, previous)))


def _nearest(task: Task, step: int, previous: int, recent: Units) -> int:
    """Choose as CataRT does: the unit whose descriptors lie nearest to what is expected."""
    units = _members(task, step, previous)
    wanted = task.means[step], task.variances[step]
    costs = [target_cost(task.inventory, unit, *wanted) for unit in units]
    return int(units[np.argmin(costs)])


def _greedy(task: Task, step: int, previous: int, recent: Units) -> int:
    natural = successor(task.inventory, 0, previous)
    return choose_member(
        task.inventory, 0, task.tokens[step], previous, natural, task.means[step],
        task.variances[step], recent, step, -1, 0.0,
    )  # fmt: skip


def _window(task: Task, step: int, previous: int, recent: Units) -> int:
    """Choose as the instrument does, with the steps after this one looked at."""
    window, before = make_window(), previous
    for at in range(step, min(step + WINDOW, len(task.tokens))):
        mean, variance, token = task.means[at], task.variances[at], task.tokens[at]
        add_step(
            window, task.inventory, 0, token, before, successor(task.inventory, 0, before), mean,
            variance, recent, step, -1, 0.0,
        )  # fmt: skip
        before = -1
    return choose_path(window, task.inventory, 0, previous)


METHODS: dict[str, Callable[[Task], Units]] = {
    "random": _step_by_step(_random),
    "nearest": _step_by_step(_nearest),
    "greedy": _step_by_step(_greedy),
    "window": _step_by_step(_window),
}


def _path_cost(task: Task, units: Units) -> float:
    """Total the costs of a path, with the weights of play; a step."""
    total, recent = 0.0, np.zeros(RECENT, np.int64)
    for step, unit in enumerate(units):
        wanted = task.means[step], task.variances[step]
        total += TARGET_WEIGHT * target_cost(task.inventory, unit, *wanted)
        total += RECENCY_WEIGHT * recency_cost(unit, recent, step)
        if step:
            total += JOIN_WEIGHT * join_cost(task.inventory, units[step - 1], unit)
        recent[step % RECENT] = unit
    return total / len(units)


def _largest_jump(audio: NDArray[np.float32]) -> float:
    """Find the largest step between two frames."""
    return float(np.abs(np.diff(audio, axis=0)).max())


def _levelled(
    bundle: Bundle, units: Units, natural: float, largest: float
) -> Iterator[tuple[float, dict[str, float]]]:
    """Render the same units levelled by more and more, and say what it does to them."""
    inherent = level_steps(bundle.audio, _boundaries(bundle), bundle.sample_rate)
    plain = measure_levels(play_units(bundle, units).audio, bundle.sample_rate)
    audible = plain > QUIET_DB
    for most in LEVELLINGS:
        played = play_units(bundle, units, levelling=most)
        levels = measure_levels(played.audio, played.sample_rate)[audible]
        heard = level_steps(played.audio, played.joins, played.sample_rate)
        apart = levels - plain[audible]
        yield (
            most,
            {
                "step": _median_step(played) / natural,
                "jump": _largest_jump(played.audio) / largest,
                "level": heard[0] / inherent[0],
                "worst": heard[1] / inherent[1],
                "departure": float(np.sqrt((apart**2).mean())),
                "range": float(levels.std() / plain[audible].std()),
            },
        )


def _boundaries(bundle: Bundle) -> Units:
    """Find where units of the finest scale follow each other in the corpus."""
    units = bundle.scales[0].units
    return np.asarray(units["start"][1:][units["source"][1:] == units["source"][:-1]])


def _natural_step(bundle: Bundle) -> float:
    """Measure the median step where units of the finest scale follow each other in the corpus."""
    return float(np.median(_steps(bundle.audio, _boundaries(bundle), bundle.sample_rate)))


def _median_step(rendered: Rendered) -> float:
    return float(np.median(_steps(rendered.audio, rendered.joins, rendered.sample_rate)))


def _share_eased(coupled: Rendered, plain: Rendered) -> float:
    """Count the joins whose largest step is smaller, among those where it is another."""
    steps = (_steps(r.audio, r.joins, r.sample_rate) for r in (coupled, plain))
    eased = np.subtract(*steps)
    return float((eased < 0).sum() / max(1, np.count_nonzero(eased)))


def _steps(audio: NDArray[np.float32], onsets: Units, sample_rate: int) -> NDArray[np.float64]:
    """Measure the largest distance, dB, between spectra a hop apart around each onset."""
    size, hop, before, after = (
        round(frames * sample_rate / 48_000) for frames in (SIZE, HOP, BEFORE, AFTER)
    )
    size += size % 2
    offsets = np.arange(-before - (size + hop) // 2, after - (size + hop) // 2 + hop + 1, hop)
    # Windows lie where they would in the whole, anyhow to an onset: no fade can be made for them.
    onsets = (onsets + hop // 2) // hop * hop
    onsets = onsets[(onsets + offsets[0] >= 0) & (onsets + offsets[-1] + size <= len(audio))]
    begin = (onsets[:, None] + offsets).ravel().astype(np.int64)
    signal = np.asarray(audio.mean(axis=1), np.float32)
    power = power_spectra(signal, begin, np.full(len(begin), size), size)
    level = decibel(power @ mel_bands(BANDS, size, sample_rate))
    levels = level.reshape(len(onsets), len(offsets), -1)
    distances = np.sqrt((np.diff(levels, axis=1) ** 2).mean(axis=2))
    return np.asarray(distances.max(axis=1))
