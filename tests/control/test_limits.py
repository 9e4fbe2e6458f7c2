"""The limits that the page about ways in names are those there are."""

import re
from pathlib import Path

import pytest

from idiolect.control.listener import MAX_CONNECTIONS, MAX_FROM_ONE, PATIENCE_S
from idiolect.control.turns import MOST_EACH, MOST_LINES

PAGE = Path(__file__).parents[2] / "docs" / "control.md"


@pytest.mark.parametrize(
    ("what", "limits"),
    [
        ("connections", (MAX_CONNECTIONS, MAX_FROM_ONE)),
        ("what is kept for a peer", (int(PATIENCE_S),)),
        ("datagrams of one sender", (MOST_EACH,)),
        ("senders", (MOST_LINES,)),
    ],
)
def test_the_page_names_every_limit(what: str, limits: tuple[int, ...]) -> None:
    rows = [row for row in PAGE.read_text("utf-8").splitlines() if row.startswith(f"| {what}")]
    assert len(rows) == 1
    assert all(re.search(rf"\b{limit}\b", rows[0]) for limit in limits)
