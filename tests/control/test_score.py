"""Scores as files: scsynth's format, to the byte, as sclang writes it."""

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import require
from idiolect.control.codec import Message, encode
from idiolect.control.score import ScoreWriter, frame_of, read_score, time_tag_of
from idiolect.errors import ScoreError

SCORE = """
Score([
    [0.0, ['/voice/1/run', 1], ['/voice/1/gain', -6.5]],
    [0.25, ['/voice/1/seed/file', "one.wav", 0.5]],
    [1.5, ['/voice/2/scale', "note"]],
    [2.0, ['/c_set', 0, 0]]
]).write("%s");
0.exit;
"""


def write(path: Path, *parts: tuple[int, list[bytes]]) -> Path:
    writer = ScoreWriter(path)
    for time_tag, messages in parts:
        writer.write(time_tag, *messages)
    writer.close()
    return path


@given(frame=st.integers(0, 2**44), rate=st.sampled_from([8000, 44100, 48000, 96000, 768000]))
def test_a_time_tag_finds_its_frame_again(frame: int, rate: int) -> None:
    assert frame_of(time_tag_of(frame, rate), rate) == frame


def test_a_second_is_one_in_the_upper_word() -> None:
    assert time_tag_of(48000, 48000) == 1 << 32
    assert time_tag_of(24000, 48000) == 1 << 31


def test_what_is_written_is_read(tmp_path: Path) -> None:
    blob = bytes(range(7))
    path = write(
        tmp_path / "x.osc",
        (0, [encode("/a", 1, 0.5, "b")]),
        (1 << 32, [encode("/c", blob)]),
        (5, []),
    )
    first, second, third = read_score(path)
    assert first.elements == (Message("/a", (1, 0.5, "b")),)
    assert (second.time_tag, second.elements) == (1 << 32, (Message("/c", (blob,)),))
    assert (third.time_tag, third.elements) == (5, ())


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    path = write(tmp_path / "x.osc", (1 << 31, [encode("/a", 7)]))
    message = b"/a\0\0,i\0\0" + struct.pack(">i", 7)
    packet = b"#bundle\0" + struct.pack(">Qi", 1 << 31, len(message)) + message
    assert path.read_bytes() == struct.pack(">i", len(packet)) + packet


@pytest.mark.parametrize("cut", range(1, 40, 5))
def test_an_interrupted_score_is_read_up_to_its_last_whole_bundle(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "x.osc", *((k, [encode("/a", k)]) for k in range(4)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    lost = -(-cut // (len(whole) // 4))
    assert [part.time_tag for part in read_score(path)] == list(range(4))[: 4 - lost]


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF....WAVEfmt ",
        struct.pack(">i", -4) + bytes(16),
        struct.pack(">i", 16) + bytes(16),
        struct.pack(">i", 16) + b"/message\0\0\0\0,\0\0\0",
        struct.pack(">i", 24) + b"#bundle\0" + bytes(8) + struct.pack(">i", -1) + bytes(4),
    ],
)
def test_what_is_no_score_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.osc"
    path.write_bytes(content)
    with pytest.raises(ScoreError, match=r"x\.osc"):
        list(read_score(path))


def test_any_bytes_are_a_score_or_told(tmp_path: Path) -> None:
    path = write(tmp_path / "x.osc", *((k << 30, [encode("/a", k, "b")]) for k in range(6)))
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(300):
        other = whole.copy()
        other[rng.integers(len(other), size=3)] = rng.integers(256, size=3)
        path.write_bytes(other.tobytes())
        try:
            list(read_score(path))
        except ScoreError:
            continue


def test_a_missing_score_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="cannot read"):
        list(read_score(tmp_path / "nothing.osc"))


def test_supercollider_writes_what_is_read(tmp_path: Path) -> None:
    require("sclang")
    script, path, home = tmp_path / "score.scd", tmp_path / "score.osc", tmp_path / "home"
    script.write_text(SCORE % path)
    home.mkdir(mode=0o700)
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }
    subprocess.run(
        ["sclang", str(script)], env=environment, capture_output=True, timeout=120, check=True
    )
    parts = list(read_score(path))
    assert [frame_of(part.time_tag, 48000) for part in parts] == [0, 0, 12000, 72000, 96000]
    # The first is sclang's own, for scsynth: it makes the default group.
    assert parts[1].elements == (
        Message("/voice/1/run", (1,)),
        Message("/voice/1/gain", (-6.5,)),
    )
    assert parts[2].elements == (Message("/voice/1/seed/file", ("one.wav", 0.5)),)
    assert parts[3].elements == (Message("/voice/2/scale", ("note",)),)
