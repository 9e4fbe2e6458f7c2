"""The network sees the past, a window of it, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from idiolect.bundle.soundness import weight_shapes
from idiolect.learning.network import Network
from idiolect.learning.settings import ModelShape

SHAPE = ModelShape(layers=2, width=16, heads=2, window=5)
TOKENS, WIDTH, SCALES, TIME = 7, 3, 2, 30


@pytest.fixture
def network() -> Network:
    made = Network(SHAPE, TOKENS, WIDTH, SCALES)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0, 0.5, generator=generator)
    return made.eval()


def _input(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    token = torch.randint(0, TOKENS + 1, (1, TIME), generator=generator)
    values = torch.randn(1, TIME, WIDTH, generator=generator)
    scale = torch.randint(0, SCALES, (1, TIME), generator=generator)
    parent = torch.randint(0, TOKENS + 1, (1, TIME), generator=generator)
    return [token, values, torch.ones_like(values), scale, parent]


def _logits(network: Network, given: list[torch.Tensor]) -> np.ndarray:
    with torch.no_grad():
        return network(*given).logits().numpy()[0]


def test_the_future_changes_nothing(network: Network) -> None:
    given, other = _input(), _input(1)
    mixed = [torch.cat([a[:, :12], b[:, 12:]], 1) for a, b in zip(given, other, strict=True)]
    one, two = _logits(network, given), _logits(network, mixed)
    np.testing.assert_allclose(one[:12], two[:12], atol=1e-5)
    assert abs(one[12:] - two[12:]).max() > 1e-3


def test_nothing_beyond_the_windows_of_all_layers_is_remembered(network: Network) -> None:
    reach = SHAPE.layers * (SHAPE.window - 1)  # steps before it that a step can hear of
    given = _input()
    changed = [part.clone() for part in given]
    changed[1][:, 0] += 3
    one, two = _logits(network, given), _logits(network, changed)
    differs = abs(one - two).max(axis=1) > 1e-5
    assert differs[: reach + 1].any()
    assert differs[reach]
    assert not differs[reach + 1 :].any()


def test_each_scale_hears_as_far_as_its_window(network: Network) -> None:
    given = _input()
    whole = _logits(network, given)
    network.shape = replace(SHAPE, windows=(SHAPE.window, SHAPE.window))
    np.testing.assert_allclose(_logits(network, given), whole, atol=1e-6)
    network.shape = replace(SHAPE, layers=1, windows=(SHAPE.window, 2))
    heard = _logits(network, given)
    for back in range(1, SHAPE.window + 1):
        changed = [part.clone() for part in given]
        changed[1][:, 10 - back] += 3
        differs = abs(_logits(network, changed)[10] - heard[10]).max() > 1e-5
        assert differs == (back < (SHAPE.window, 2)[int(given[3][0, 10])])


def test_only_distances_matter(network: Network) -> None:
    given = _input()
    later = [part[:, 8:] for part in given]
    reach = SHAPE.layers * (SHAPE.window - 1)
    one, two = _logits(network, given)[8 + reach :], _logits(network, later)[reach:]
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_its_weights_are_those_the_bundle_holds() -> None:
    network = Network(ModelShape(), 11, 24, 2)
    model = {"layers": 2, "width": 64, "heads": 4, "window": 64}
    shapes = {name: tuple(weight.shape) for name, weight in network.named_parameters()}
    assert shapes == weight_shapes(model, 11, 24, 2)
