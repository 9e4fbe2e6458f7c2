"""Every rule of OSC 1.0 and 1.1, kept or not kept for a reason."""

from pathlib import Path

import pytest

from conformance import ROWS, Row, holds, page

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.group}: {row.rule}" for row in ROWS])
def test_a_rule_is_kept_or_says_why_not(row: Row) -> None:
    assert holds(row) == (not row.why)


def test_the_page_in_the_docs_is_what_the_checks_find() -> None:
    assert PAGE.read_text() == page(), "run: python tests/conformance.py > docs/conformance.md"


def test_no_rule_is_there_twice() -> None:
    assert len({(row.group, row.rule) for row in ROWS}) == len(ROWS)
