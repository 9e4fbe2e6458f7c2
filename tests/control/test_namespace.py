import pytest

from idiolect.control.clients import Credit
from idiolect.control.codec import encode
from idiolect.control.namespace import Namespace, address_of
from idiolect.errors import ControlError
from idiolect.parameters.table import MASTER, PARAMETERS, VOICE


def addresses(namespace: Namespace, pattern: str) -> list[str]:
    return [leaf.address for leaf in namespace.find(pattern)]


def test_every_parameter_has_its_address() -> None:
    leaves = Namespace(3).leaves
    for parameter in PARAMETERS:
        for voice in (1, 2, 3) if parameter.per_voice else (0,):
            assert leaves[address_of(parameter.name, voice)].target is parameter


def test_every_descriptor_has_its_bias() -> None:
    leaves = Namespace(2, ("centroid", "my.module:bright", "a/b #*?[c]{d},e")).leaves
    for name in ("centroid", "my.module:bright", "a_b_____c__d__e"):
        assert leaves[f"/bias/{name}"].voices == (1, 2)
        assert leaves[f"/voice/2/bias/{name}"].voices == (2,)


def test_an_unknown_descriptor_is_refused_with_those_there_are() -> None:
    with pytest.raises(ControlError, match="/voice/1/bias has loudness, centroid"):
        Namespace(2, ("loudness", "centroid")).find("/voice/1/bias/brightness")


@pytest.mark.parametrize(
    "address",
    ["/x", "/ru", "/*x", "/gian", "/nosuch", "/temperatuur", "/voice", "/voice/", "/voice/99/gain",
     "/voice/1/temperatuur", "/voice/1/x", "/norm/x", "/bundle", "/gain/x", "/t" + "e" * 5000],
)  # fmt: skip
def test_who_mistypes_an_address_hears_of_it_on_another_machine_too(address: str) -> None:
    """The answer is no longer than what a host may be answered that has sent nothing else."""
    sent = len(address) // 4 * 4 + 4  # bytes, without type tags
    with pytest.raises(ControlError) as refused:
        Namespace(16, tuple("abcdefghijklmnop")).find(address)
    assert len(encode("/fail", address[:256], str(refused.value))) <= Credit.FACTOR * sent


def test_a_short_form_gives_way_to_the_master() -> None:
    leaves = Namespace(3).leaves
    for name in VOICE:
        assert leaves[f"/{name}"].voices == ((0,) if name in MASTER else (1, 2, 3))


@pytest.mark.parametrize("voices", [1, 4, 64])
def test_a_leaf_is_never_a_container(voices: int) -> None:
    names = set(Namespace(voices, ("loudness", "centroid")).leaves)
    assert not [name for name in names if any(other.startswith(f"{name}/") for other in names)]


def test_wildcards_at_the_end_reach_no_command() -> None:
    namespace = Namespace(2)
    assert "/quit" not in addresses(namespace, "/*")
    assert "/voice/1/cut" not in addresses(namespace, "/voice/1/*")
    assert addresses(namespace, "/voice/*/seed/unit") == [
        "/voice/1/seed/unit",
        "/voice/2/seed/unit",
    ]
    with pytest.raises(ControlError):
        namespace.find("/voice/*/seed/*")


def test_a_voice_is_not_spoken_to_twice_by_one_pattern() -> None:
    namespace = Namespace(2)
    assert addresses(namespace, "//cut") == ["/cut"]
    assert addresses(namespace, "//gain") == ["/gain", "/voice/1/gain", "/voice/2/gain"]


def test_patterns_are_remembered_but_not_for_ever() -> None:
    namespace = Namespace(2)
    for length in range(1, 201):
        for end in ("pan", "run"):
            with pytest.raises(ControlError):
                namespace.find(f"/voice/*{'x' * length}/{end}")
    assert len(namespace._found) <= 256
