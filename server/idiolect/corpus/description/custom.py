"""Descriptors of the user's own: functions that `learn`, and nothing else, imports.

A setting names one as ``module:function``.  It gets a unit's own frames, ``float32[frames]``, mixed
to mono, and the rate in Hz, and returns a number, NaN where it cannot tell.  A bundle keeps the
numbers and the name, never the code.
"""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import ConfigError, CorpusError

__all__ = ["Descriptor", "load", "measure", "source_of"]

Descriptor = Callable[[NDArray[np.float32], int], float]


@cache
def load(name: str) -> Descriptor:
    """Import a function by ``module:function``.

    Raises
    ------
    ConfigError
        When there is no such module or function.
    """
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"descriptors: {name!r} cannot be imported ({error}); put the folder of its module on "
            "PYTHONPATH"
        ) from error
    if not callable(found):
        raise ConfigError(f"descriptors: {name!r} is no function; name one")
    return found  # type: ignore[no-any-return]


def source_of(name: str) -> str:
    """Give the text of a function, so that a changed one is noticed; empty where there is none."""
    try:
        return inspect.getsource(load(name))
    except (OSError, TypeError):  # compiled, or typed at a prompt
        return ""


def measure(
    name: str,
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> NDArray[np.float32]:
    """Describe every unit by one function.

    Parameters
    ----------
    name
        As `load` takes it.
    signal : float32[frames]
        What the units lie in.
    starts, lengths : int64[units]
        Frames.
    sample_rate
        Hz.

    Raises
    ------
    CorpusError
        When the function fails, or returns what is no number.
    """
    function = load(name)
    values = np.zeros(len(starts), np.float32)
    for index, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        try:
            # A copy: what a stranger's function does to it stays with it.
            values[index] = function(signal[start : start + length].copy(), sample_rate)
        except Exception as error:
            raise CorpusError(
                f"the descriptor {name!r} failed on a unit of {length} frames: {error!r}"
            ) from error
    return np.where(np.isfinite(values), values, np.float32(np.nan))
