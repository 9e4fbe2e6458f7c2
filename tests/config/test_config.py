"""Flag beats file, file beats default, and nothing unknown passes."""

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from idiolect.cli.learn import learn_settings
from idiolect.config.config import Config, load
from idiolect.config.learning import SCALES
from idiolect.errors import ConfigError
from idiolect.learning.settings import LearnSettings

SCALE = "[[learn.scales]]\nname = 'x'\n"
DEFAULTS = Path(__file__).resolve().parents[2] / "configs/default.toml"


def test_the_file_of_defaults_is_what_the_code_does() -> None:
    assert load(DEFAULTS) == Config()


def test_the_file_of_defaults_names_every_key_once_with_a_comment() -> None:
    text = DEFAULTS.read_text()
    tables, known = tomllib.loads(text), asdict(Config())
    assert {part: list(tables[part]) for part in tables} == {
        part: list(known[part]) for part in known
    }
    scales = tables["learn"]["scales"]
    assert all(set(scale) == set(asdict(SCALES[0])) for scale in scales)
    lines = [line for line in text.splitlines() if re.match(r"\w+ = ", line)]
    assert len(lines) == sum(map(len, tables.values())) - 1 + sum(map(len, scales))
    assert all(re.search(r"  # \S", line) for line in lines)


def test_a_flag_beats_the_file_and_the_file_beats_the_default(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[control]\nport = 1234\nhost = "0.0.0.0"\n[performance]\nmargin_ms = 20\n')
    config = load(path, {"control.port": 4321, "control.host": None, "audio.output": "null"})
    assert config.control.port == 4321
    assert config.control.host == "0.0.0.0"
    assert config.performance.margin_ms == 20.0
    assert isinstance(config.performance.margin_ms, float)
    assert config.audio.output == "null"
    assert config.audio.block_frames == Config().audio.block_frames


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[audio]\nblok_frames = 64", "audio.blok_frames is not a setting; did you mean audio.block_frames?"),
        ("[audoi]\n", "audoi is not a setting; did you mean audio?"),
        ("[audio]\nxyz = 64", "audio.xyz is not a setting; there are output, device"),
        ("port = 5", "port must stand in a table"),
        ("[control]\nport = 70000", "control.port must be 0 to 65535, got 70000"),
        ("[control]\nport = '57300'", "control.port must be a whole number, got '57300'"),
        ("[control]\nport = true", "control.port must be a whole number, got True"),
        ("[control]\nallow = [1]", "control.allow must be a list of texts, got [1]"),
        ("[control]\nallow = ['192.168.1/24']", "control.allow must be addresses or networks like '192.168.1.0/24', got"),
        ("[control]\nannounce = ['localhost:57120']", "control.announce must be like '127.0.0.1:57120'"),
        ("[control]\nannounce = ['127.0.0.1']", "control.announce must be like '127.0.0.1:57120'"),
        ("[performance]\nmargin_ms = nan", "performance.margin_ms must be a number, got nan"),
        ("[performance]\nvoices = 0", "performance.voices must be 1 to 16, got 0"),
        ("[performance]\nautostart = 5", "performance.autostart must be 0 to 4, got 5"),
        ("[audio]\noutput = 'speaker'", "audio.output must be device, jack, null or file:PATH"),
        ("[audio]\noutput = 'file:'", "audio.output must be"),
        ("[audio]\nchannels = 65", "audio.channels must be 1 to 64, got 65"),
        ("[audio]\nlatency = 'lo'", "audio.latency must be low, high, or 0.0001 to 5 seconds like '0.02', got 'lo'"),
        ("[audio]\nlatency = '6'", "audio.latency must be"),
        ("[audio]\nsample_rate = 12", "or 0: the bundle's"),
        ("[audio", "is not TOML"),
        ("[learn]\nscales = []", "learn.scales must hold at least one scale"),
        ("[learn]\nscales = [1]", "learn.scales must be tables, like [[learn.scales]]"),
        (f"{SCALE}method = 'fixd'\nshortest = 1\nlongest = 2", "method 'fixd' is not known; did you mean fixed?"),
        (f"{SCALE}method = 'fixed'\nshortest = -1\nlongest = 2", "scale 'x': shortest must be 0.005"),
        (f"{SCALE}method = 'fixed'\nshortest = 2\nlongest = 1", "scale 'x': longest must be 4"),
        (f"{SCALE}method = 'fixed'\nshortest = 2", "learn.scales.longest is missing"),
        (f"{SCALE}method = 'fixed'\nshortest = 1\nlongest = 2\ncontext_seconds = -1", "scale 'x': context_seconds must be 0"),
        (2 * f"{SCALE}method = 'fixed'\nshortest = 1\nlongest = 2\n", "name 'x' comes twice"),
        (f"{SCALE}method = 'fixed'\nshortest = 9\nlongest = 20\n{SCALE.replace('x', 'y')}method = 'fixed'\nshortest = 1\nlongest = 2", "list finest first"),
        ("[learn]\ndevice = 'gpu'", "learn.device 'gpu' is not known"),
        ("[performance]\nname = 'a/b'", "performance.name must be a plain name"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_a_cure(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml")


def test_the_learning_side_has_the_same_defaults() -> None:
    assert learn_settings(Config()) == LearnSettings()
