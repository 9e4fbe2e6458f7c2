"""How fast grains are mixed, beside scsynth rendering the same without real time.

The same work on both sides: `GRAINS` grains of a tenth of a second at a time, from one channel to
two, each with its own place in the audio, pan and, between frames, rate; blocks of 64 frames, one
core.  What is compared is processor time, less what scsynth takes to start, load and write.
"""

import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.engine.calibration import make_subgrains
from idiolect.engine.interpolation import CUBIC, LINEAR, MARGIN, NEAR, NONE, SINC, UNIT
from idiolect.engine.subgrains import add_subgrain
from idiolect.errors import ConfigError

__all__ = ["measure"]

RATE, BLOCK, SECONDS = 48_000, 64, 30
GRAINS, LENGTH = 500, 0.1  # at a time; seconds
SOURCE_SECONDS = 10
ROUNDS = 5
LEVEL = 0.02
QUALITIES = {"none": NONE, "linear": LINEAR, "cubic": CUBIC, "sinc": SINC}
UGENS = ("TGrains", "GrainBuf")
INTERPOLATIONS = {"none": 1, "linear": 2, "cubic": 4}  # as scsynth counts them
NEEDED = {"scsynth": "supercollider-server", "sclang": "supercollider-language"}

# One TGrains sounds 64 grains at most.
_SCORES = """
(
var write = { |name, def|
    var score = Score([[0.0, [\\b_allocRead, 0, "SOURCE"]], [SECONDS, [\\c_set, 0, 0]]]);
    def !? {
        score.add([0.0, [\\d_recv, def.asBytes]]);
        score.add([0.0, [\\s_new, \\grains, 1000, 0, 0]]);
    };
    score.sort;
    score.write("FOLDER/" ++ name ++ ".osc", TempoClock.default);
};
write.("empty", nil);
[\\TGrains, \\GrainBuf].do { |ugen|
    [1, 2, 4].do { |interpolation|
        var count = if(ugen == \\TGrains) { 10 } { 1 };
        var each = GRAINS / LENGTH / count;
        var rate = { if(interpolation == 1) { 1 } { LFNoise0.ar(each).range(0.5, 2) } };
        write.(ugen ++ interpolation, SynthDef(\\grains, {
            Out.ar(0, Mix.fill(count, { |i|
                var due = Impulse.ar(each, i / count);
                var at = LFNoise0.ar(each).range(0.5, FROM), pan = LFNoise0.ar(each);
                if(ugen == \\TGrains) {
                    TGrains.ar(2, due, 0, rate.(), at, LENGTH, pan, LEVEL, interpolation)
                } {
                    GrainBuf.ar(2, due, LENGTH, 0, rate.(), at / LAST, interpolation, pan, -1, 512)
                        * LEVEL
                }
            }))
        }));
    };
};
0.exit;
)
"""


def measure() -> dict[str, Any]:
    """Render the same grains with our kernels and with scsynth, in turns.

    Returns
    -------
    dict
        For JSON: by quality, seconds of processor time of each side and nanoseconds for a grain and
        frame (medians), what is played from two channels, the ratio to the faster of scsynth's two
        generators; and what a loop that only multiplies and adds takes.

    Raises
    ------
    ConfigError
        When SuperCollider is not there.
    """
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            raise ConfigError(f"{program} is not there; install it with: apt install {package}")
    audio = _source()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        soundfile.write(place / "source.wav", audio, RATE, subtype="FLOAT")
        _write_scores(place)
        return _compare(place, audio)


def _compare(place: Path, audio: NDArray[np.float32]) -> dict[str, Any]:
    work = GRAINS * SECONDS * RATE / 1e9  # grain-frames, in billions
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for quality in QUALITIES.values():
        for channels in (1, 2):
            _render(audio, quality, channels, 1)  # compiled and warm
    for _ in range(ROUNDS):
        for name, quality in QUALITIES.items():
            for channels in (1, 2):
                spent = _render(audio, quality, channels, SECONDS)
                ours.setdefault(f"{name}, {channels}", []).append(spent)
        floor = _floor() * SECONDS
        ours.setdefault("floor", []).append(floor)
        for score in ["empty", *(f"{u}{i}" for u in UGENS for i in INTERPOLATIONS.values())]:
            theirs.setdefault(score, []).append(_render_score(place, score))
    middle = {name: statistics.median(times) for name, times in (ours | theirs).items()}
    found: dict[str, Any] = {"ratio_to_scsynth": {}}
    for name in QUALITIES:
        own = middle[f"{name}, 1"]
        row = {
            "seconds": own,
            "ns": own / work,
            "ns from two channels": middle[f"{name}, 2"] / work,
        }
        if name in INTERPOLATIONS:
            for ugen in UGENS:
                spent = middle[f"{ugen}{INTERPOLATIONS[name]}"] - middle["empty"]
                row |= {f"{ugen} seconds": spent, f"{ugen} ns": spent / work}
            fastest = min(row[f"{ugen} seconds"] for ugen in UGENS)
            found["ratio_to_scsynth"][name] = fastest / own
        found[name] = row
    return found | {"ns of a loop that multiplies and adds": middle["floor"] / work}


def _source() -> NDArray[np.float32]:
    noise = np.random.default_rng(0).normal(0, 0.1, SOURCE_SECONDS * RATE)
    return noise.astype(np.float32)


def _write_scores(place: Path) -> None:
    """Let sclang compile the synths and write the scores."""
    values = {
        "SOURCE": place / "source.wav", "FOLDER": place, "SECONDS": float(SECONDS),
        "GRAINS": GRAINS, "LENGTH": LENGTH, "LEVEL": LEVEL, "FROM": SOURCE_SECONDS - 1,
        "LAST": SOURCE_SECONDS,
    }  # fmt: skip
    text = _SCORES
    for name, value in values.items():
        text = text.replace(name, str(value))
    (place / "scores.scd").write_text(text)
    environment = os.environ | {
        "HOME": str(place),
        "XDG_RUNTIME_DIR": str(place),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }
    command = ["sclang", str(place / "scores.scd")]
    subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)


def _render_score(place: Path, score: str) -> float:
    """Let scsynth render a score; give its processor time, seconds."""
    command = ["scsynth", "-N", f"{score}.osc", "_", "out.wav", str(RATE), "WAV", "float"]
    options = ["-o", "2", "-i", "0", "-z", str(BLOCK)]
    before = os.times()
    subprocess.run([*command, *options], cwd=place, capture_output=True, check=True)
    after = os.times()
    spent = after.children_user - before.children_user
    return spent + after.children_system - before.children_system


def _render(audio: NDArray[np.float32], quality: int, channels: int, seconds: int) -> float:
    """Mix `seconds` of the grains; give the processor time."""
    subs = _grains(quality, channels, seconds)
    source = np.concatenate([np.zeros(MARGIN), audio, np.zeros(MARGIN)]).astype(np.float32)
    other = source.copy()
    sounding = np.zeros(2 * GRAINS, np.int64)
    out = np.zeros((2, BLOCK), np.float32)
    rows, near = np.zeros((2, BLOCK), np.float32), np.zeros(NEAR * BLOCK, np.float32)
    heard = np.zeros((seconds * RATE, 2), np.float32)
    begun = time.thread_time()
    _play(subs, source, other, sounding, out, rows, near, heard)
    return time.thread_time() - begun


def _grains(quality: int, channels: int, seconds: int) -> NDArray[np.void]:
    rng = np.random.default_rng(1)
    count, frames = round(seconds * GRAINS / LENGTH), round(LENGTH * RATE)
    subs = make_subgrains(count, frames, quality=quality, channels=channels)
    subs["start"] = np.arange(count) * frames // GRAINS
    places = rng.integers(RATE // 2, (SOURCE_SECONDS - 1) * RATE, count)
    subs["position"] = (MARGIN + places) * UNIT
    subs["pace"] = UNIT if quality == NONE else rng.uniform(0.5, 2, count) * UNIT
    pan = rng.uniform(-1, 1, count)
    subs["left"], subs["right"] = LEVEL * np.minimum(1, 1 - pan), LEVEL * np.minimum(1, 1 + pan)
    return subs


@njit
def _play(
    subs: NDArray[np.void],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    sounding: NDArray[np.int64],
    out: NDArray[np.float32],
    rows: NDArray[np.float32],
    near: NDArray[np.float32],
    heard: NDArray[np.float32],
) -> None:
    """Render block after block, as the callback does with the cloud of a voice."""
    begun, count, size = 0, 0, out.shape[1]
    for now in range(0, heard.shape[0], size):
        out[:] = 0
        while begun < subs.size and subs[begun].start < now + size:
            sounding[count] = begun
            count += 1
            begun += 1
        kept = 0
        for k in range(count):
            sub = subs[sounding[k]]
            first, last = max(now, sub.start), min(now + size, sub.start + sub.frames)
            add_subgrain(sub, left, right, first, last - first, rows, near, out, first - now)
            if sub.start + sub.frames > now + size:
                sounding[kept] = sounding[k]
                kept += 1
        count = kept
        for i in range(size):
            heard[now + i, 0] = out[0, i]
            heard[now + i, 1] = out[1, i]


def _floor() -> float:
    """Give the processor time of a second of nothing but products added to two channels."""
    rng = np.random.default_rng(2)
    source, out = rng.normal(size=RATE).astype(np.float32), np.zeros((2, BLOCK), np.float32)
    places = rng.integers(0, RATE - BLOCK, GRAINS)
    _multiply_and_add(source, places, out, 1)
    begun = time.thread_time()
    _multiply_and_add(source, places, out, RATE // BLOCK)
    return time.thread_time() - begun


@njit
def _multiply_and_add(
    source: NDArray[np.float32], places: NDArray[np.int64], out: NDArray[np.float32], blocks: int
) -> None:
    left, right = np.float32(0.3), np.float32(0.4)
    for _ in range(blocks):
        for place in places:
            first = np.uint64(place)
            for i in range(out.shape[1]):
                out[0, i] += left * source[first + np.uint64(i)]
                out[1, i] += right * source[first + np.uint64(i)]
