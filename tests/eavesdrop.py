"""A JACK client that writes down what another one plays, in compiled code."""

import time

import numpy as np
from numba import cfunc, types
from numpy.typing import NDArray

from idiolect.audio.libjack import address_of, load_libjack, open_client
from idiolect.engine.atomics import float32_1d, float32_2d, int64_1d
from idiolect.engine.callback import port_buffer
from idiolect.engine.clock import monotonic_ns

GET_BUFFER, LEFT, RIGHT, KEPT, ADDRESS, ROOM, CYCLES, CALLED = range(8)
SECONDS = 20.0


def _process(frames: int, userdata: int) -> int:
    columns = int64_1d(userdata, (8,))
    count = np.int64(frames)
    left = float32_1d(port_buffer(columns[GET_BUFFER], columns[LEFT], frames), (count,))
    right = float32_1d(port_buffer(columns[GET_BUFFER], columns[RIGHT], frames), (count,))
    kept = float32_2d(columns[ADDRESS], (columns[ROOM], 2))
    called = int64_1d(columns[CALLED], (2 * columns[ROOM],))
    if columns[KEPT] < columns[ROOM]:
        called[2 * columns[CYCLES]] = columns[KEPT]
        called[2 * columns[CYCLES] + 1] = monotonic_ns()
        columns[CYCLES] += 1
    for i in range(min(count, columns[ROOM] - columns[KEPT])):
        kept[columns[KEPT], 0] = left[i]
        kept[columns[KEPT], 1] = right[i]
        columns[KEPT] += 1
    return 0


class Eavesdropper:
    """Connected to two ports, of `client` unless they name another, with room for some seconds."""

    def __init__(
        self, client: str, sample_rate: int, ports: tuple[str, str] = ("out_1", "out_2")
    ) -> None:
        self._library = library = load_libjack()
        self._kept: NDArray[np.float32] = np.zeros((round(SECONDS * sample_rate), 2), np.float32)
        self._columns: NDArray[np.int64] = np.zeros(8, np.int64)
        self._columns[GET_BUFFER] = address_of(library.jack_port_get_buffer)
        self._columns[ADDRESS] = self._kept.ctypes.data
        self._columns[ROOM] = len(self._kept)
        self._called: NDArray[np.int64] = np.zeros((len(self._kept), 2), np.int64)
        self._columns[CALLED] = self._called.ctypes.data
        self._callback = cfunc(types.int32(types.uint32, types.int64), _nrt=False)(_process)
        self._client = me = open_client("eavesdropper")
        kind = b"32 bit float mono audio"
        for column, name in ((LEFT, b"in_1"), (RIGHT, b"in_2")):
            self._columns[column] = library.jack_port_register(me, name, kind, 1, 0)
        library.jack_set_process_callback(me, self._callback.address, self._columns.ctypes.data)
        assert library.jack_activate(me) == 0
        for column, port in zip((LEFT, RIGHT), ports, strict=True):
            name = library.jack_port_name(int(self._columns[column]))
            source = port if ":" in port else f"{client}:{port}"
            self._connect(source.encode(), name)

    def _connect(self, source: bytes, target: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while self._library.jack_connect(self._client, source, target):  # not active yet
            assert time.monotonic() < deadline, f"cannot connect to {source!r}"
            time.sleep(0.05)

    def take(self, frames: int, seconds: float = SECONDS) -> NDArray[np.float32]:
        """Wait for `frames` frames from the first that is not silent on, and return them."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            heard = self._kept[: self._columns[KEPT]]
            sounding = np.flatnonzero(heard.any(axis=1))
            if len(sounding) and len(heard) - sounding[0] >= frames:
                return heard[sounding[0] : sounding[0] + frames].copy()
            time.sleep(0.05)
        raise AssertionError("nothing was heard")

    def stop(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Leave; return all that was heard, and the first frame and nanosecond of each cycle."""
        self._library.jack_client_close(self._client)
        return self._kept[: self._columns[KEPT]], self._called[: self._columns[CYCLES]]

    def close(self) -> None:
        self._library.jack_client_close(self._client)
