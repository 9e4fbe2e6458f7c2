"""What a page holds, without a browser."""

import base64
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.bundle.bundle import Bundle
from idiolect.grain import UNIT
from idiolect.learning.page import clips, contents, peaks, projection
from idiolect.learning.page.clips import clip
from idiolect.learning.page.peaks import find_peaks
from idiolect.learning.page.writing import write_page, write_speech
from synthetic import make_bundle


def unpacked(text: str, dtype: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(text), dtype)


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(1, 3000),
    channels=st.integers(1, 2),
    gain=st.sampled_from([0.0, 1e-6, 0.3, 4.0]),
    seed=st.integers(0, 99),
)
def test_peaks_enclose_the_audio_at_every_level_within_one_step(
    frames: int, channels: int, gain: float, seed: int
) -> None:
    audio = gain * np.random.default_rng(seed).normal(size=(frames, channels)).astype(np.float32)
    found = find_peaks(audio)
    step = found["peak"] / 127
    for level in found["levels"]:
        pairs = unpacked(level["values"], "i1").reshape(-1, 2) * step
        assert len(pairs) == math.ceil(frames / level["bucket"])
        for index, (low, high) in enumerate(pairs):
            part = audio[index * level["bucket"] : (index + 1) * level["bucket"]]
            assert low - 1e-6 * step <= part.min() < low + 1.000001 * step
            assert high - 1.000001 * step < part.max() <= high + 1e-6 * step


def test_peaks_do_not_depend_on_how_much_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = np.random.default_rng(0).normal(size=(10_007, 2)).astype(np.float32)
    whole = find_peaks(audio)
    monkeypatch.setattr(peaks, "BLOCK", 100)
    assert find_peaks(audio) == whole


def test_a_longer_corpus_has_a_coarser_waveform_of_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peaks, "MOST_BUCKETS", 100)
    for frames in (100, 6400, 6401, 123_457):
        finest = find_peaks(np.zeros((frames, 1), np.float32))["levels"][0]
        assert len(unpacked(finest["values"], "i1")) <= 200


def test_the_same_bundle_gives_the_same_bytes(paged: Any) -> None:
    before = paged.path.read_bytes()
    write_page(paged.folder, paged.manifest)
    assert paged.path.read_bytes() == before


def test_units_tokens_and_counts_are_those_of_the_bundle(paged: Any) -> None:
    bundle = Bundle.open(paged.folder)
    for scale, shown in zip(bundle.scales, paged.data["scales"], strict=True):
        np.testing.assert_array_equal(unpacked(shown["starts"], "<u4"), scale.units["start"])
        np.testing.assert_array_equal(unpacked(shown["labels"], "<u2"), scale.units["token"])
        assert sum(shown["counts"]) == len(scale.units)
        for token, exemplar in enumerate(shown["exemplars"]):
            assert scale.units["token"][exemplar["unit"]] == token


def test_a_map_and_exemplars_that_the_bundle_holds_are_shown(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "mapped.idiolect")
    for scale in bundle.scales:
        folder = bundle.path / "scales" / scale.name
        places = np.random.default_rng(1).uniform(-1, 1, (len(scale.units), 2)).astype(np.float32)
        last = [np.flatnonzero(scale.units["token"] == t)[-1] for t in range(scale.token_count)]
        np.save(folder / "map.npy", places)
        np.save(folder / "exemplars.npy", np.array(last, np.int32))
        found = contents.gather(bundle.path, "mapped", bundle.manifest)
        shown = next(s for s in found["scales"] if s["name"] == scale.name)
        points = unpacked(shown["map"]["points"], "<i2").reshape(-1, 2) / 32767
        np.testing.assert_allclose(points, places, atol=1 / 32767)
        assert [e["unit"] for e in shown["exemplars"]] == last
        anchors = unpacked(shown["map"]["anchors"], "<i2").reshape(-1, 2) / 32767
        np.testing.assert_allclose(anchors, places[last], atol=1 / 32767)


def test_clips_sound_as_their_units_and_begin_and_end_in_silence() -> None:
    rate, units = 16_000, np.zeros(2, UNIT)
    units["start"], units["length"] = [0, 8000], [8000, 64_000]
    time = np.arange(72_000) / rate
    tone = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    audio = np.stack([tone, -tone], axis=1)  # a sum of the channels would be silence
    (found,) = clip(audio, rate, [(units, np.array([0, -1, 1]))])
    assert (found.missing, found.data[1], found.seconds) == (0, None, 2.0)
    for text, seconds in ((found.data[0], 0.5), (found.data[2], 2.0)):
        samples, heard = soundfile.read(io.BytesIO(base64.b64decode(text)))
        assert len(samples) / heard == pytest.approx(seconds, abs=0.1)
        spectrum = abs(np.fft.rfft(samples))
        assert spectrum.argmax() * heard / len(samples) == pytest.approx(440, abs=5)
        assert np.sqrt((samples**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
        assert abs(samples[:8]).max() < 0.1


@pytest.mark.parametrize("rate", [1000, 8000, 44_100, 96_000])
def test_every_rate_gives_clips_that_can_be_decoded(
    rate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = np.zeros(1, UNIT)
    units["length"] = rate // 2
    audio = np.full((rate, 1), 0.1, np.float32)
    for formats in ({"MP3": ""}, {}):
        monkeypatch.setattr(clips.soundfile, "available_formats", lambda found=formats: found)
        (found,) = clip(audio, rate, [(units, np.array([0]))])
        assert found.type == ("audio/mpeg" if formats else "audio/wav")
        samples, heard = soundfile.read(io.BytesIO(base64.b64decode(found.data[0] or "")))
        assert len(samples) / heard == pytest.approx(0.5, abs=0.2)


def test_clips_beyond_the_room_are_counted_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MOST_BYTES", 5000)
    units = np.zeros(20, UNIT)
    units["start"], units["length"] = 8000 * np.arange(20), 8000
    audio = np.random.default_rng(0).normal(0, 0.1, (160_000, 1)).astype(np.float32)
    (found,) = clip(audio, 16_000, [(units, np.arange(20))])
    there = [text for text in found.data if text]
    assert sum(len(base64.b64decode(text)) for text in there) <= 5000
    assert 0 < len(there) == 20 - found.missing < 20


def test_a_corpus_too_long_to_draw_every_unit_is_thinned(
    paged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_UNITS", 30)
    monkeypatch.setattr(projection, "MOST_POINTS", 10)
    units = Bundle.open(paged.folder).scales[0].units
    shown = contents.gather(paged.folder, "x", paged.manifest)["scales"][0]
    np.testing.assert_array_equal(
        unpacked(shown["starts"], "<u4"), units["start"][:: shown["step"]]
    )
    assert len(unpacked(shown["labels"], "<u2")) <= 30
    assert len(unpacked(shown["map"]["points"], "<i2")) <= 20


def test_ten_hours_of_grains_fit_in_eight_megabytes() -> None:
    """Everything that grows with the corpus has a ceiling; together they stay below."""
    peaks_text = 2 * peaks.MOST_BUCKETS * (1 + 1 / 8 + 1 / 64) * 4 / 3
    tens = 10 * 3600
    units = min(contents.MOST_UNITS, tens / 0.08) + tens / 0.3 + tens / 3 + tens / 20
    units_text = units * (4 + 2) * 4 / 3
    map_text = 4 * projection.MOST_POINTS * 4 * 4 / 3
    assert peaks_text + units_text + map_text + clips.MOST_BYTES * 4 / 3 < 7.5e6


def test_figures_that_are_not_numbers_survive_as_null(paged: Any) -> None:
    known, unknown = (scale["figures"]["bits_per_token"] for scale in paged.data["scales"])
    assert known["mixture"] is unknown["unigram"] is None
    assert known["mixture_no_parent"] == 2.5
    json.dumps(paged.data, allow_nan=False)


def test_a_bundle_without_a_report_has_a_page_too(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bare.idiolect", seconds=0.4, tokens=(12, 5))
    write_page(bundle.path, bundle.manifest)
    found = contents.gather(bundle.path, "bare", bundle.manifest)
    assert found["left_out"] == {}
    assert found["skipped"] == []
    assert None in found["scales"][0]["exemplars"]  # there are more tokens than units


def test_hostile_names_cannot_end_the_data_nor_stand_for_a_part_of_the_page(paged: Any) -> None:
    assert paged.text.count("</script>") == 2
    assert "<img" not in paged.text
    assert paged.data["sources"][0]["name"] == paged.manifest["sources"][0]["name"]


def test_long_names_are_shortened_and_long_lists_counted(paged: Any) -> None:
    manifest = dict(paged.manifest)
    manifest["report"] = {"skipped": [{"name": "a" * 9999, "reason": "b" * 9999}] * 2000}
    found = contents.gather(paged.folder, "x", manifest)
    assert len(found["skipped"]) + found["skipped_more"] == 2000
    assert len(json.dumps(found["skipped"])) < 250_000


def test_what_another_bundle_said_is_not_shown(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "spoken.idiolect")
    speech = {"grain": {"seed": 0}}
    for manifest, shown in (({"hash": "1"}, speech["grain"]), ({"hash": "2"}, None)):
        write_speech(bundle.path, {"hash": "1"}, speech)
        found = contents.gather(bundle.path, "spoken", bundle.manifest | manifest)
        assert [scale["speech"] for scale in found["scales"]] == [shown, None]
    assert not list(bundle.path.glob(".*"))
