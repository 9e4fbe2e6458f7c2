"""From folders to a bundle."""

import json
import shutil
from dataclasses import astuple, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.memory import recall
from idiolect.config.learning import VocabularyConfig
from idiolect.corpus.settings import CorpusSettings
from idiolect.errors import ConfigError, CorpusError
from idiolect.learning import checkpoint, pipeline, teaching
from idiolect.learning.evaluation import MODELS, try_models
from idiolect.learning.network import Network
from idiolect.learning.pipeline import STAGES, learn
from idiolect.learning.report import Report
from idiolect.learning.settings import LearnSettings, ModelShape, TrainingSettings
from idiolect.learning.split import TEST, Split
from idiolect.learning.standing import Progress, Standing
from idiolect.vocabulary.assign import assign
from idiolect.vocabulary.standardise import LIMIT
from tones import write_corpus

QUICK = LearnSettings(
    corpus=CorpusSettings(sample_rate=8000),
    training=TrainingSettings(budget=60, max_steps=20, check_every=10),
    shape=ModelShape(layers=1, width=16, heads=2, window=16),
)


def _learn(folder: Path, output: Path, settings: LearnSettings = QUICK) -> Report:
    return learn([folder], output, settings=settings, progress=lambda *_: None)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("tones") / "corpus", seconds=24)


@pytest.fixture(scope="module")
def learned(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Bundle]:
    path = tmp_path_factory.mktemp("learned") / "tones.idiolect"
    return _learn(corpus, path), Bundle.open(path)


def test_what_is_learned_opens_and_says_what_the_report_says(
    learned: tuple[Report, Bundle],
) -> None:
    report, bundle = learned
    assert [s.name for s in bundle.scales] == ["grain", "note"]
    assert [len(s.units) for s in bundle.scales] == [s.units for s in report.scales]
    assert [s["name"] for s in bundle.sources] == ["melody_0.wav", "melody_1.wav"]
    assert bundle.manifest["report"] == report.as_json()
    assert len(bundle.audio) == 24 * 8000
    assert set(report.seconds) == set(STAGES)


def test_the_network_that_is_shipped_learned_as_long_as_the_one_that_was_judged(
    learned: tuple[Report, Bundle],
) -> None:
    report, bundle = learned
    steps = int(np.median(report.training["steps"]))
    assert report.training["finish_steps"] == steps > 0
    assert "finished on all audio" in report.training["note"]
    assert np.abs(bundle.weights["head"]).max() > 0  # zero before anything is learned


def test_a_size_too_large_for_coarse_scales_is_theirs_as_far_as_they_go(
    corpus: Path, tmp_path: Path
) -> None:
    settings = replace(
        QUICK,
        vocabulary=VocabularyConfig(size=64),
        training=replace(QUICK.training, max_steps=0),
    )
    grain, note = _learn(corpus, tmp_path / "a.idiolect", settings).scales
    assert grain.tokens == 64
    assert 2 <= note.tokens < 64
    with pytest.raises(ConfigError, match=r"vocabulary\.size is 60000 tokens"):
        _learn(
            corpus,
            tmp_path / "b.idiolect",
            replace(settings, vocabulary=VocabularyConfig(size=60_000)),
        )
    assert not (tmp_path / "b.idiolect").exists()


def test_tokens_are_those_of_the_nearest_prototypes(learned: tuple[Report, Bundle]) -> None:
    for scale in learned[1].scales:
        np.testing.assert_array_equal(
            assign(scale.descriptors, scale.prototypes, scale.prototype_tokens),
            scale.units["token"],
        )
        assert (scale.descriptors[~scale.present] == 0).all()
        assert abs(scale.descriptors).max() <= LIMIT


def test_figures_stand_beside_their_baselines(learned: tuple[Report, Bundle]) -> None:
    for scale in learned[0].scales:
        judged = scale.figures
        assert judged.units > 0
        assert list(judged.bits_per_token) == list(MODELS)
        assert np.isfinite(list(judged.bits_per_token.values())).all()
        for name, (mean, low, high) in ((n, astuple(i)) for n, i in judged.intervals.items()):
            assert mean == judged.bits_per_token[name]
            assert low - 1e-9 <= mean <= high + 1e-9


def test_the_memory_is_that_of_all_units_and_what_is_held_out_is_told(
    learned: tuple[Report, Bundle],
) -> None:
    report, bundle = learned
    for scale, told in zip(bundle.scales, report.scales, strict=True):
        assert scale.memory_weight == told.memory_weight
        token = int(scale.units["token"][-1])
        probabilities = np.zeros(scale.token_count)
        assert recall(scale.memory, np.array([token]), 1, probabilities) == 1
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)
        splits = [Split(*map(np.array, own.values())) for own in bundle.manifest["splits"]]
        assert len(splits) == told.figures.trials
        assert told.figures.units == sum((own.of(scale.units) == TEST).sum() for own in splits)


def test_the_same_corpus_and_seed_give_the_same_bundle(
    corpus: Path, learned: tuple[Report, Bundle], tmp_path: Path
) -> None:
    report, bundle = learned
    again = _learn(corpus, tmp_path / "again.idiolect")
    other = _learn(corpus, tmp_path / "other.idiolect", replace(QUICK, seed=1))
    assert again.hash == report.hash == bundle.manifest["hash"]
    assert other.hash != report.hash
    weights = (tmp_path / "again.idiolect/model.safetensors").read_bytes()
    assert weights == (bundle.path / "model.safetensors").read_bytes()


def test_who_may_read_a_new_file_may_read_the_bundle(
    learned: tuple[Report, Bundle], tmp_path: Path
) -> None:
    """A service runs as another user than the one who learned what it plays."""
    (tmp_path / "new").touch()
    allowed = (tmp_path / "new").stat().st_mode & 0o777
    files = [path for path in learned[1].path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {allowed}


@pytest.mark.parametrize("seconds", [0.001, 0.4, 2.0])
def test_a_tiny_corpus_is_learned_all_the_same(tmp_path: Path, seconds: float) -> None:
    write_corpus(tmp_path / "tiny", seconds=seconds, files=1)
    report = _learn(tmp_path / "tiny", tmp_path / "tiny.idiolect")
    bundle = Bundle.open(tmp_path / "tiny.idiolect")
    assert len(bundle.scales[0].units) == report.scales[0].units >= 1
    json.dumps(report.as_json(), allow_nan=False)


def test_an_error_or_an_interruption_leaves_nothing_and_keeps_the_old_bundle(
    corpus: Path, tmp_path: Path
) -> None:
    def interrupt(stage: str, *_: object) -> None:
        if stage == "cluster":
            raise KeyboardInterrupt

    old = tmp_path / "tones.idiolect"
    old.mkdir()
    (old / "manifest.json").write_text("{}")
    with pytest.raises(KeyboardInterrupt):
        learn([corpus], old, settings=QUICK, progress=interrupt)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/empty.wav").write_bytes(b"")
    with pytest.raises(CorpusError):
        _learn(tmp_path / "bad", tmp_path / "bad.idiolect")
    assert {path.name for path in tmp_path.iterdir()} == {"tones.idiolect", "bad"}
    assert (old / "manifest.json").read_text() == "{}"


def test_a_folder_that_is_no_bundle_is_never_replaced(corpus: Path, tmp_path: Path) -> None:
    precious = tmp_path / "music"
    precious.mkdir()
    with pytest.raises(ConfigError, match="is not a bundle"):
        _learn(corpus, precious)
    assert precious.is_dir()


def test_progress_names_every_stage_and_reaches_its_end(corpus: Path, tmp_path: Path) -> None:
    seen: dict[str, list[float]] = {}
    standings: dict[str, list[Standing]] = {}

    def note(stage: str, done: float, total: float, standing: Standing | None) -> None:
        seen.setdefault(stage, []).append(done / total)
        if standing is not None:
            standings.setdefault(stage, []).append(standing)

    learn([corpus], tmp_path / "a.idiolect", settings=QUICK, progress=note)
    assert tuple(seen) == STAGES
    assert tuple(standings) == ("train", "finish")
    lefts = [standing.left for own in standings.values() for standing in own]
    assert 0 <= min(lefts) <= max(lefts) <= QUICK.training.budget
    assert standings["train"][0].left > standings["train"][-1].left
    assert all(np.isfinite(standing.held_out) for standing in standings["train"])
    for shares in seen.values():
        assert shares[0] == 0
        assert shares[-1] == 1
        assert shares == sorted(shares)


class Killed(Exception):
    """What no stage expects."""


def _kill(stage: str, at: int) -> Progress:
    """Give a progress that ends everything at the so manieth word about a stage."""
    words = iter(range(1, 10_000))

    def note(told: str, *_: object) -> None:
        if told == stage and next(words) == at:
            raise Killed

    return note


@pytest.mark.parametrize(
    ("stage", "at"),
    [
        pytest.param("train", 9, marks=pytest.mark.slow),
        ("train", 60),
        pytest.param("finish", 12, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_killed_while_it_trained_goes_on_and_ends_the_same(
    corpus: Path,
    learned: tuple[Report, Bundle],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    at: int,
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    output = tmp_path / "tones.idiolect"
    with pytest.raises(Killed):
        learn([corpus], output, settings=QUICK, progress=_kill(stage, at))
    assert [path.name for path in tmp_path.iterdir()] == [".tones.idiolect.training"]
    report = _learn(corpus, output)
    assert report.training["notes"][0].startswith("trial 1 went on from step ")
    assert report.hash == learned[0].hash
    assert [path.name for path in tmp_path.iterdir()] == ["tones.idiolect"]


def test_what_other_settings_left_is_not_taken(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    output = tmp_path / "tones.idiolect"
    with pytest.raises(Killed):
        learn([corpus], output, settings=QUICK, progress=_kill("finish", 12))
    other = replace(QUICK, vocabulary=VocabularyConfig(size=9))
    assert "notes" not in _learn(corpus, output, other).training


def test_whose_finish_is_interrupted_keeps_the_network_that_was_judged(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[dict[str, NDArray[np.float32]]] = []
    stages: list[str] = []

    def watch(network: Network, *given: Any) -> Any:
        judged.append({n: w.detach().numpy().copy() for n, w in network.named_parameters()})
        return try_models(network, *given)

    monkeypatch.setattr(pipeline, "FEW", 0)
    monkeypatch.setattr(teaching, "try_models", watch)
    report = learn(
        [corpus],
        tmp_path / "a.idiolect",
        settings=QUICK,
        progress=lambda stage, *_: stages.append(stage),
        interrupted=lambda: stages[-1] == "finish",
    )
    assert report.training["stopped_by"] == ["steps"]
    assert report.training["interrupted"].endswith("the network that was judged was kept")
    assert "finished" not in report.training["note"]
    for name, weight in Bundle.open(tmp_path / "a.idiolect").weights.items():
        np.testing.assert_array_equal(weight, judged[-1][name])


def test_trials_that_were_not_begun_or_cut_short_are_not_counted(
    corpus: Path, tmp_path: Path
) -> None:
    told: list[Standing | None] = []
    report = learn(
        [corpus],
        tmp_path / "a.idiolect",
        settings=QUICK,
        progress=lambda *given: told.append(given[-1]),
        interrupted=lambda: sum(s is not None for s in told) in range(45, 50),  # in the third
    )
    assert report.training["trials"] == 2
    assert report.training["stopped_by"] == ["steps", "steps", "interrupted"]
    bundle = Bundle.open(tmp_path / "a.idiolect")
    assert len(bundle.manifest["splits"]) == 2
    for scale, said in zip(bundle.scales, report.scales, strict=True):
        splits = [Split(*map(np.array, own.values())) for own in bundle.manifest["splits"]]
        assert said.figures.units == sum((own.of(scale.units) == TEST).sum() for own in splits)


def test_a_device_that_is_not_there_is_said_before_anything_is_decoded(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    stages: list[str] = []
    settings = replace(QUICK, training=replace(QUICK.training, device="cuda"))
    with pytest.raises(ConfigError, match=r"learn\.device is cuda"):
        learn(
            [corpus],
            tmp_path / "a.idiolect",
            settings=settings,
            progress=lambda stage, *_: stages.append(stage),
        )
    assert stages == []


def _heard(**seconds: float) -> LearnSettings:
    scales = [replace(s, context_seconds=seconds.get(s.name, 0.0)) for s in QUICK.corpus.scales]
    return replace(QUICK, corpus=replace(QUICK.corpus, scales=tuple(scales)))


def test_what_a_scale_hears_is_told_in_seconds_and_kept_in_steps_of_its_units(
    corpus: Path, learned: tuple[Report, Bundle], tmp_path: Path
) -> None:
    plain, bundle = learned
    output = shutil.copytree(bundle.path, tmp_path / "a.idiolect")
    report = _learn(corpus, output, _heard(grain=0.8, note=1000))
    assert report.reused == 2  # it says nothing about the analysis
    grain, note = report.model["windows"]
    assert grain * report.scales[0].median_seconds == pytest.approx(0.8, rel=0.1)
    assert note == report.model["window"]  # there is no more
    assert Bundle.open(output).manifest["model"]["windows"] == [grain, note]
    assert report.hash != plain.hash
    assert "windows" not in plain.model
    coarse = _learn(corpus, output, _heard(note=1e-6))
    assert coarse.model["windows"] == (16, 1)  # the step itself


NASTY_USED = 21
NASTY_SKIPPED = 15


@pytest.mark.slow
def test_every_readable_file_is_used_and_every_unreadable_one_named(
    corpora: Path, tmp_path: Path
) -> None:
    folder = corpora / "nasty_a"
    rows = [line.split("\t") for line in (folder / "MANIFEST.tsv").read_text().splitlines()[1:]]
    bad = {row[0] for row in rows if "unreadable" in row[4] or " 0 frames" in row[4]}
    report = _learn(folder, tmp_path / "nasty.idiolect")
    assert {skipped["name"] for skipped in report.skipped} == bad
    assert {source["name"] for source in report.sources} == {row[0] for row in rows} - bad
    assert (len(report.sources), len(report.skipped)) == (NASTY_USED, NASTY_SKIPPED)
    assert all(skipped["reason"] for skipped in report.skipped)
    Bundle.open(tmp_path / "nasty.idiolect")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "violin_garner",
        "drums_jazz",
        "birdsong_a",
        "speech_stephanie",
        "digits_george",
        "env_blanket",
        "music_surge",
    ],
)
def test_a_real_corpus_is_learned_and_beats_the_unigram(
    name: str, corpora: Path, tmp_path: Path
) -> None:
    settings = LearnSettings(training=TrainingSettings(budget=12))
    report = _learn(corpora / name, tmp_path / f"{name}.idiolect", settings)
    bundle = Bundle.open(tmp_path / f"{name}.idiolect")
    assert report.skipped == []
    names = [scale.name for scale in bundle.scales]
    assert names[:3] == ["grain", "note", "phrase"]
    assert {*names, *report.left_out} == {"grain", "note", "phrase", "section"}
    for fine, coarse in pairwise(bundle.scales):
        ends = coarse.units["start"] + coarse.units["length"]
        parents = fine.units["parent"]
        assert (fine.units["start"] >= coarse.units["start"][parents]).all()
        assert (fine.units["start"] + fine.units["length"] <= ends[parents]).all()
    bits = report.scales[0].figures.bits_per_token
    assert bits["network"] < bits["unigram"]
    assert bits["mixture_no_parent"] < bits["best_ngram"]
