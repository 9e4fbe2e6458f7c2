"""What is so of every client's page."""

import re
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / "clients"
PAGES = sorted(CLIENTS.glob("*/README.md"))


def anchors(page: str) -> set[str]:
    """Name the headings of a page as links do."""
    headings = re.findall(r"^#+ (.*)", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_client_has_a_page() -> None:
    assert {page.parent for page in PAGES} == {path for path in CLIENTS.iterdir() if path.is_dir()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_it_begins_with_five_lines(page: Path) -> None:
    """That they make sound is what each client's own test looks at."""
    before, first = page.read_text(encoding="utf-8").split("```", 2)[:2]
    assert len([line for line in first.splitlines()[1:] if line]) == 5
    assert "\n#" not in before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target:
            name, _, heading = target.partition("#")
            assert (page.parent / name).exists(), target
            if heading:
                assert heading in anchors((page.parent / name).read_text(encoding="utf-8")), target
