import pytest

from idiolect.parameters.bias import BIAS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import PARAMETERS

CONTINUOUS = [p for p in (*PARAMETERS, BIAS) if p.is_continuous]


@pytest.mark.parametrize("parameter", CONTINUOUS, ids=lambda p: f"{p.name}-{p.per_voice}")
def test_the_twin_goes_over_the_whole_range_and_back(parameter: Parameter) -> None:
    assert parameter.from_norm(0) == pytest.approx(parameter.low)
    assert parameter.from_norm(1) == pytest.approx(parameter.high)
    values = [parameter.from_norm(step / 50) for step in range(51)]
    assert values == sorted(values)
    for value in values:
        assert parameter.from_norm(parameter.to_norm(value)) == pytest.approx(value, abs=1e-9)
    assert parameter.from_norm(parameter.to_norm(parameter.default)) == pytest.approx(
        parameter.default, abs=1e-9
    )


@pytest.mark.parametrize("parameter", CONTINUOUS, ids=lambda p: f"{p.name}-{p.per_voice}")
def test_what_lies_beyond_is_the_end(parameter: Parameter) -> None:
    assert parameter.from_norm(-1) == parameter.from_norm(0)
    assert parameter.from_norm(2) == parameter.from_norm(1)


def test_equal_steps_of_a_log_curve_are_equal_factors() -> None:
    tempo = next(p for p in PARAMETERS if p.name == "tempo")
    assert tempo.from_norm(0.5) ** 2 == pytest.approx(tempo.low * tempo.high)


def test_half_way_up_a_fader_is_a_quarter_of_its_amplitude() -> None:
    gain = next(p for p in PARAMETERS if p.name == "gain")
    assert 10 ** (gain.from_norm(0.5) / 20) == pytest.approx(10 ** (gain.high / 20) / 4, rel=1e-3)


@pytest.mark.parametrize("parameter", [*PARAMETERS, BIAS], ids=lambda p: f"{p.name}-{p.per_voice}")
def test_what_is_a_float_is_one_before_it_is_moved(parameter: Parameter) -> None:
    """Or clients would be sent another type until then."""
    if parameter.kind == "f":
        numbers = (parameter.low, parameter.high, parameter.default)
        assert [type(number) for number in numbers] == [float] * 3


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: f"{p.name}-{p.per_voice}")
def test_every_entry_is_whole(parameter: Parameter) -> None:
    assert parameter.low <= parameter.default <= parameter.high
    assert parameter.readable
    assert parameter.writable
    assert parameter.ramp >= 0
    assert parameter.doc.endswith(".")
    assert parameter.is_ramped <= (parameter.scope == "block")
