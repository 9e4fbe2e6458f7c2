"""A voice of the client: its parameters are attributes, and they are those of the table."""

from pathlib import Path

import pytest

import idiolect.client.parameters
from idiolect.client import Client, Voice
from idiolect.control.bindings import BINDINGS
from idiolect.parameters.table import VOICE
from recording import RecordingPlayer


def test_what_is_generated_is_what_the_table_gives() -> None:
    path = Path(idiolect.client.parameters.__file__)
    assert path.read_text() == BINDINGS["python"](), (
        "the table has changed: idiolect osc --for python > server/idiolect/client/parameters.py"
    )


@pytest.mark.parametrize("name", VOICE)
def test_every_parameter_is_an_attribute_to_set_and_to_read(
    name: str, daemon: int, player: RecordingPlayer
) -> None:
    value = VOICE[name].clip(VOICE[name].high / 2)
    with Client(port=daemon) as client:
        voice = client.voice(2)
        setattr(voice, name, value)
        client.sync()
        assert player.values[name, 2] == pytest.approx(min(value, 1) if name == "scale" else value)
        assert getattr(voice, name) == pytest.approx(player.values[name, 2])
    assert VOICE[name].doc in vars(Voice)[name].__doc__


def test_items_are_everything_below_a_voice_or_the_whole(
    daemon: int, player: RecordingPlayer
) -> None:
    with Client(port=daemon) as client:
        client.voice(1)["bias/centroid"] = 1.5
        client["/gain"] = -6
        client["/voice/{2,3}/pan"] = 0.5
        assert client.voice(1)["bias/centroid"] == 1.5
        assert client["/gain"] == -6
        assert client["/pan"] == (0.0, 0.5, 0.5, 0.0)
        assert client.voice(1).ask("seed/unit", 12).arguments[1] == 1
        client.voice(4).send("cut")
        client.sync()
    assert [call for call in player.calls if call[0] != "set"] == [("seed_unit", 1, 12), ("cut", 4)]


def test_a_slip_of_the_pen_is_told_with_what_was_meant() -> None:
    with Client() as client:
        voice = client.voice(1)
        with pytest.raises(AttributeError, match="/voice/1 has no temperatures: did you mean temp"):
            voice.temperatures = 0.5  # type: ignore[attr-defined]
        with pytest.raises(AttributeError, match="no xyz: there are run, temperature"):
            _ = voice.xyz


def test_voices_are_counted_from_one() -> None:
    with Client() as client, pytest.raises(ValueError, match="counted from 1"):
        client.voice(0)
