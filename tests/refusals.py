"""What makes a refusal one that helps."""

import re

__all__ = ["has_cure"]

_VERBS = (
    "send|use|ask|name|choose|allow|give|wait|try|close|flatten|move|unload|let|stop|start|set|see|"
    "put|read|record|drop|leave|run|make|copy|begin|end|raise|restart|install"
)
_CURE = re.compile(
    rf"[:;,(] (or )?({_VERBS})\b"  # what to do
    r"|\bthere (is|are) (?!no\b)\S|[:;] it (is|has) \S|: \S+ has \S"  # what there is
    r"|\bhas \d+, (counted|numbered) from 0|\b(is|are) wanted\b|\bmust be\b"
    r"|[:;] /\S+ (begins|ends it|has those)\b|`idiolect osc` prints|\bis it /\S+\?"
)


def has_cure(text: str) -> bool:
    """Tell whether a text says what to do, or what there is to choose from."""
    return _CURE.search(text) is not None
