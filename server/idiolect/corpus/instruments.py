"""The instruments of the example corpus: a plucked string, three drums and a room.

All return mono float64, linear, with peaks near 1, and take their chance from the given generator.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["hat", "kick", "pluck", "room", "snare"]

Sound = NDArray[np.float64]


def pluck(frequency: float, seconds: float, rate: int, rng: np.random.Generator) -> Sound:
    """Pluck a string.

    Parameters
    ----------
    frequency
        Hz.
    seconds
        How long it may ring.
    rate
        Frames per second.
    rng
        Where the burst that excites it comes from.

    Returns
    -------
    float64[frames]
        The string through a small wooden body.

    Notes
    -----
    K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres" (CMJ 7:2,
    1983), with three taps in the loop so that the pitch is exact: two share the weight as the
    fraction of the period asks, and their sum, hence the damping, stays the same.
    """
    exact = rate / frequency
    period = round(exact)
    lean = exact - period  # -0.5 to 0.5
    near, far = (0.5 - lean) / 2, (0.5 + lean) / 2
    loss = 10 ** (-3 / (frequency * 2.6))  # 60 dB in 2.6 s, besides the loop's own damping
    taps = loss * np.array([far, 0.5, near])
    frames = int(seconds * rate)
    string = np.zeros(frames + 2 * period)
    string[1 : period + 1] = _excitation(period, rng)
    step = period - 1  # no frame of a step depends on another of the same step
    for at in range(period + 1, frames + period, step):
        stop = min(at + step, len(string))
        before = string[at - period - 1 : stop - period + 1]
        string[at:stop] = np.convolve(before, taps[::-1], mode="valid")
    held = string[1 : frames + 1]
    release = min(frames, rate // 20)
    held[-release:] *= np.linspace(1, 0, release)
    return _normal(_body(held, rate))


def _excitation(period: int, rng: np.random.Generator) -> Sound:
    """Noise, softened as by a fingertip, plucked at a fifth of the string."""
    burst = np.convolve(rng.uniform(-1, 1, period + 2), [0.25, 0.5, 0.25], mode="valid")
    burst -= np.roll(burst, max(1, period // 5))
    return np.asarray(burst - burst.mean())


def _body(string: Sound, rate: int) -> Sound:
    """Let a body of three modes ring along."""
    time = np.arange(rate // 8) / rate
    modes = ((104, 0.5, 18), (208, 0.35, 26), (410, 0.2, 40))  # Hz, weight, 1/s
    ring = sum(w * np.exp(-d * time) * np.sin(2 * np.pi * f * time) for f, w, d in modes)
    return string + 0.04 * _convolve(string, np.asarray(ring))


def kick(rate: int, rng: np.random.Generator) -> Sound:
    """Beat a bass drum: a sine falling from 140 to 48 Hz, and a click."""
    time = np.arange(int(0.28 * rate)) / rate
    fall = 48 * time + (140 - 48) * (1 - np.exp(-28 * time)) / 28
    beat = np.sin(2 * np.pi * fall) * np.exp(-11 * time)
    click = rng.standard_normal(len(time)) * np.exp(-700 * time)
    return _normal((beat + 0.15 * click) * _release(len(time), rate))


def snare(rate: int, rng: np.random.Generator) -> Sound:
    """Beat a snare drum: two modes of the skin under noise."""
    time = np.arange(int(0.2 * rate)) / rate
    skin = np.sin(2 * np.pi * 186 * time) + 0.6 * np.sin(2 * np.pi * 331 * time)
    noise = np.diff(rng.standard_normal(len(time) + 1))
    sound = 0.5 * skin * np.exp(-32 * time) + 0.35 * noise * np.exp(-22 * time)
    return _normal(sound * _release(len(time), rate))


def hat(rate: int, rng: np.random.Generator) -> Sound:
    """Tick a closed hat: noise without its low end."""
    time = np.arange(int(0.07 * rate)) / rate
    noise = np.diff(rng.standard_normal(len(time) + 3), n=3)
    return _normal(noise * np.exp(-75 * time) * _release(len(time), rate))


def room(dry: Sound, rate: int, rng: np.random.Generator) -> Sound:
    """Put float64[frames, 2] into a small room, a different one for each ear."""
    time = np.arange(int(0.5 * rate)) / rate
    wet = np.empty_like(dry)
    for side in range(2):
        tail = rng.standard_normal(len(time)) * np.exp(-14 * time)
        tail = np.convolve(tail, np.full(6, 1 / 6), mode="same")  # walls are dull
        wet[:, side] = _convolve(dry[:, side], tail / np.sqrt(np.sum(tail**2)))
    return dry + 0.12 * wet


def _convolve(sound: Sound, response: Sound) -> Sound:
    """Convolve by FFT and keep the length of `sound`."""
    size = 1 << (len(sound) + len(response) - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[: len(sound)]


def _release(frames: int, rate: int) -> Sound:
    """Fade the last 10 ms, so that nothing ends with a click."""
    return np.minimum(1, np.arange(frames, 0, -1) / (rate / 100))


def _normal(sound: Sound) -> Sound:
    return sound / max(float(np.abs(sound).max()), 1e-9)
