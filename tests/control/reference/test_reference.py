from pathlib import Path

from idiolect.control.namespace import NORM, Namespace
from idiolect.control.reference.reference import reference
from idiolect.control.system import STATUS_FIELDS
from idiolect.corpus.description.columns import NAMES
from idiolect.parameters.bias import DESCRIPTORS


def test_the_page_in_the_docs_is_the_reference() -> None:
    page = Path(__file__).parents[3] / "docs" / "osc.md"
    assert page.read_text() == reference(), "run: idiolect osc > docs/osc.md"


def test_every_address_is_in_it() -> None:
    text = reference()
    for address in Namespace(1, ("{descriptor}",)).leaves:
        plain = (
            address.removeprefix(NORM)
            .replace("/voice/1/", "/voice/{n}/")
            .replace("_descriptor_", "{descriptor}")
        )
        assert f"`{plain}`" in text or f"`/voice/{{n}}{plain}`" in text


def test_it_says_what_every_descriptor_does() -> None:
    assert tuple(DESCRIPTORS) == NAMES
    for name in NAMES:
        assert f"`bias/{name}`" in reference()


def test_status_reply_begins_as_it_always_will() -> None:
    assert "".join(field.tag for field in STATUS_FIELDS).startswith("iffffiiiis")
