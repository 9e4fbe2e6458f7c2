"""One random stream per decision: a counter-based generator that plans can be rolled back over.

Philox 4x32-10 after J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11),
section 3.3.  Written by hand because numpy's own Philox is an object with a position, and a plan
that is drawn again must not depend on how often something was drawn before; here the position *is*
the key (seed, voice, step, purpose).
"""

import numpy as np

from idiolect.compiled import njit

__all__ = [
    "PURPOSE_CANDIDATES",
    "PURPOSE_CLOUD",
    "PURPOSE_CONTINUE",
    "PURPOSE_SEED",
    "PURPOSE_TOKEN",
    "uniform",
]

PURPOSE_CONTINUE = 0
PURPOSE_TOKEN = 1
PURPOSE_CANDIDATES = 2
PURPOSE_SEED = 3
PURPOSE_CLOUD = 256  # and all above

_MASK = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_SHIFT = np.uint64(32)


@njit
def uniform(seed: int, voice: int, step: int, purpose: int) -> float:
    """Draw one number in [0, 1) that depends on nothing but its four keys.

    Parameters
    ----------
    seed : int64
        The voice's `random_seed`.
    voice, purpose : int64
        0 to 65535 each.
    step : int64
        How many units the voice has decided before this one.

    Returns
    -------
    float64
        Uniform in [0, 1), 53 bits.

    Notes
    -----
    Any thread; no allocation.
    """
    c0 = np.uint64(step) & _MASK
    c1 = np.uint64(step) >> _SHIFT
    c2 = np.uint64(voice) & _MASK
    c3 = np.uint64(purpose) & _MASK
    k0 = np.uint64(seed) & _MASK
    k1 = np.uint64(seed) >> _SHIFT
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _MASK, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    high = c0 >> np.uint64(5)
    low = c1 >> np.uint64(6)
    return (np.float64(high) * 67108864.0 + np.float64(low)) / 9007199254740992.0
