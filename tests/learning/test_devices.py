"""A network is trained where it was asked to be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from idiolect.errors import ConfigError
from idiolect.learning.devices import draw_from, find_device, generators_of
from idiolect.learning.network import Network
from idiolect.learning.sequences import Chunk, Sequence, collate
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import VALIDATION
from idiolect.learning.state import begin
from idiolect.learning.training import Trained, fresh, surprises, token_loss, train

SHAPE = ModelShape(layers=2, width=16, heads=2, window=8)
THERE = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
CARDS = [
    pytest.param(name, marks=pytest.mark.skipif(not there, reason=f"torch finds no {name} here"))
    for name, there in THERE.items()
]


def test_the_processor_is_always_there_and_auto_finds_something() -> None:
    assert find_device("cpu").type == "cpu"
    assert find_device("auto").type in {"cpu", "cuda"}


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_missing_is_one_line_with_a_cure(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=rf"learn\.device is {name}.*only cpu; take auto") as said:
        find_device(name)
    assert "\n" not in str(said.value)


def test_auto_takes_cuda_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device("auto").type == "cuda"


def test_generators_go_on_from_where_they_were() -> None:
    cpu = torch.device("cpu")
    with torch.random.fork_rng(devices=[]):
        kept = generators_of(cpu)
        one = torch.rand(5)
        draw_from(kept, cpu)
        assert torch.equal(torch.rand(5), one)


class Elsewhere(TorchDispatchMode):
    """Refuse every operation that touches a tensor beside the device."""

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for part in tree_leaves((args, kwargs, made)):
            if isinstance(part, torch.Tensor):
                assert part.device.type == "meta", f"{function} touches the {part.device.type}"
        return made


def test_everything_a_step_makes_is_where_the_network_is(sequences: list[Sequence]) -> None:
    """On torch's device without memory: it computes nothing, but says where all would be."""
    network = Network(SHAPE, 8, sequences[0].descriptors.shape[1], 2, 0.3).to("meta")
    chunks = [Chunk(0, 0, 16, 0), Chunk(1, 5, 16, 0)]
    batch = collate(sequences, chunks, np.array([True, False])).to(network.device)
    state = begin(network, TrainingSettings(), 0)
    with Elsewhere():
        output = network(batch.token, batch.descriptors, batch.present, batch.scale, batch.parent)
        loss = (token_loss(output.logits(), batch) * batch.weight).sum()
        mean, log_variance = output.descriptors(batch.target)
        (loss + mean.sum() + log_variance.sum()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    state.optimiser.step()  # torch's own, which counts its steps on the processor
    with Elsewhere():
        state.advance(0.0)
        state.judge(1.0, 1.0)
        state.load(state.best)


def test_what_watches_the_devices_sees_a_tensor_beside_them() -> None:
    with Elsewhere(), pytest.raises(AssertionError, match="touches the cpu"):
        torch.zeros(3)


def _train(
    sequences: list[Sequence], device: str, kept: Path | None = None, *, until: int = 10**6
) -> Trained:
    settings = TrainingSettings(
        budget=120, max_steps=120, batch=8, check_every=20, decay=0.1, dropout=0.0, device=device
    )
    centroids = [np.zeros((s.size, s.descriptors.shape[1]), np.float32) for s in sequences]
    network = fresh(sequences, centroids, SHAPE, settings.dropout, seed=0)
    steps = iter(range(settings.max_steps + 1))
    return train(
        network, sequences, settings, 0, lambda *_: None,
        kept=kept, interrupted=lambda: next(steps) >= until,
    )  # fmt: skip


def _bits(trained: Trained, sequences: list[Sequence]) -> list[float]:
    return [
        float(surprises(trained.network, s, sequences, VALIDATION, guided=False).mean())
        for s in sequences
    ]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_learns_what_the_processor_learns(sequences: list[Sequence], card: str) -> None:
    there, here = _train(sequences, card), _train(sequences, "cpu")
    assert there.network.device.type == "cpu"  # it comes back
    assert there.steps > 0
    assert _bits(there, sequences) == pytest.approx(_bits(here, sequences), abs=0.02)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_goes_on_from_where_it_was_stopped(
    sequences: list[Sequence], tmp_path: Path, card: str
) -> None:
    kept = tmp_path / "a.safetensors"
    assert _train(sequences, card, kept, until=50).ran == 50
    rest = _train(sequences, card, kept)
    assert rest.note == "went on from step 50"
    assert _bits(rest, sequences) == pytest.approx(
        _bits(_train(sequences, card), sequences), abs=0.02
    )
