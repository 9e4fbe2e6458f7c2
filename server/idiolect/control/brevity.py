"""Answers short enough for one packet that no network on the way takes apart."""

from collections.abc import Iterable, Sequence

from idiolect.control.codec import encode

__all__ = ["MOST_BYTES", "fitting", "plain_name"]

MOST_BYTES = 1400
"""Of a packet that is sent, whatever is in it."""

_LONGEST_NAME = 256  # bytes
_ROOM = 64  # bytes of an answer that are kept for what is before and behind a list


def plain_name(text: str, most: int = _LONGEST_NAME) -> str:
    """Shorten a text so that it takes at most so many bytes."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def fitting(
    address: str, head: Sequence[object], rows: Iterable[Sequence[str | int | float]]
) -> list[object]:
    """Give as many rows, of words and numbers, behind a head as one message takes."""
    values = list(head)
    size = len(encode(address, *head)) + _ROOM
    for row in rows:
        for value in row:  # a word has its end and its padding, and each has its type
            size += 5 + (len(value.encode()) if isinstance(value, str) else 0)
        if size > MOST_BYTES:
            break
        values += row
    return values
