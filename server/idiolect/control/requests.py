"""The number that a client gives a request, so as to know the answer by it.

OSC has none, and its optional arguments leave no room for one more.  So it comes last, behind a mark
that no command takes: ``/bundle/load birds id 7``.
"""

from collections.abc import Sequence

from idiolect.control.codec import Argument

__all__ = ["MARK", "take_request"]

MARK = "id"


def take_request(arguments: Sequence[Argument]) -> tuple[Sequence[Argument], tuple[int, ...]]:
    """Take the number of a request off its arguments.

    Parameters
    ----------
    arguments
        As they came.

    Returns
    -------
    sequence
        What the command itself is given.
    tuple of int
        The number; empty when there is none.
    """
    if len(arguments) < 2 or arguments[-2] != MARK:
        return arguments, ()
    number = arguments[-1]
    if not isinstance(number, int | float) or not -(2**31) <= number < 2**31:  # nor NaN
        return arguments, ()
    return arguments[:-2], (int(number),)
