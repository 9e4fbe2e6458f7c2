"""The ring of speakers beside SuperCollider's own."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from components import require
from idiolect.engine.speakers import _add_side

RATE = 48_000
STEP = 0.02  # seconds of each position
POSITIONS = np.linspace(-1, 1, 41)

SCORE = """
(
var score = Score([[0.0, [\\d_recv, SynthDef(\\ring, { |pos|
    Out.ar(0, PanAz.ar(CHANNELS, DC.ar(1), pos, 1, 2, ORIENTATION));
}).asBytes]]]);
score.add([0.0, [\\s_new, \\ring, 1000, 0, 0, \\pos, -1]]);
[POSITIONS].do { |pos, i| score.add([i * STEP, [\\n_set, 1000, \\pos, pos]]) };
score.add([POSITIONSCOUNT * STEP, [\\c_set, 0, 0]]);
score.sort;
score.write("FILE", TempoClock.default);
0.exit;
)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("channels", "side"), [(3, 0), (4, 1), (5, 0), (8, 1)])
def test_the_gains_are_those_of_panaz(tmp_path: Path, channels: int, side: int) -> None:
    """The left side is PanAz's with an orientation of 0, the right one speaker further."""
    require("sclang")
    require("scsynth")
    script, score, sound = (tmp_path / name for name in ("ring.scd", "ring.osc", "ring.wav"))
    text = SCORE.replace("POSITIONSCOUNT", str(len(POSITIONS))).replace("CHANNELS", str(channels))
    text = text.replace("POSITIONS", ", ".join(f"{pos:.6f}" for pos in POSITIONS))
    text = text.replace("ORIENTATION", str(side)).replace("STEP", str(STEP))
    tmp_path.chmod(0o700)
    script.write_text(text.replace("FILE", str(score)))
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }
    subprocess.run(
        ["sclang", str(script)], env=environment, check=True, capture_output=True, timeout=60
    )
    render = [
        "scsynth",
        "-N",
        str(score),
        "_",
        str(sound),
        str(RATE),
        "WAV",
        "float",
        "-o",
        str(channels),
    ]
    subprocess.run(render, check=True, capture_output=True, timeout=60)
    theirs, _ = soundfile.read(sound, dtype="float32")
    middles = np.round((np.arange(len(POSITIONS)) + 0.5) * STEP * RATE).astype(int)
    for position, gains in zip(POSITIONS, theirs[middles], strict=True):
        ours = np.zeros((1, channels), np.float32)
        _add_side(np.float32(1), np.float64(position * channels / 2 + side), ours, 0)
        np.testing.assert_allclose(ours[0], gains, atol=2e-3)  # theirs reads a table of sines
