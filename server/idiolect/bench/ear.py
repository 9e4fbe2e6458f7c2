"""An ear at a JACK port: it tells at which of the server's frames a steady sound changes."""

import time
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from idiolect.audio.libjack import address_of, load_libjack, open_client
from idiolect.compiled import callback
from idiolect.engine.atomics import float32_1d, int64_1d, load_acquire, publish, store_release
from idiolect.engine.callback import port_buffer
from idiolect.errors import AudioError

__all__ = ["Ear"]

# Columns of what Python and the callback share.
STATE, FRAME, BASE, PORT, CLIENT, GET_BUFFER, LAST_TIME, NEXT = range(8)
COLUMNS = 8
DEAF, ASKED, LISTENING, HEARD = range(4)  # of STATE

_SCALE = 1e6  # BASE is a whole number: the sample in millionths
_LEAST = 100  # of them, that a change is at least
_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.0005
_AUDIO, _IS_INPUT = b"32 bit float mono audio", 1


@intrinsic  # type: ignore[untyped-decorator]
def _last_frame_time(_typing: Any, function: Any, client: Any) -> Any:
    """Call ``jack_last_frame_time(client)`` at the address `function`."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(64)])
        frame = builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])
        return builder.zext(frame, ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


def _process(frames: int, userdata: int) -> int:
    """``JackProcessCallback``: note the frame of the first sample that is not as it was."""
    columns = int64_1d(userdata, (COLUMNS,))
    count = np.int64(frames)
    heard = float32_1d(port_buffer(columns[GET_BUFFER], columns[PORT], frames), (count,))
    first = _last_frame_time(columns[LAST_TIME], columns[CLIENT])
    store_release(columns, NEXT, first + count)
    state = load_acquire(columns, STATE)
    if state == ASKED:
        columns[BASE] = np.int64(heard[0] * _SCALE)
        store_release(columns, STATE, LISTENING)
    elif state == LISTENING:
        for i in range(count):
            if abs(np.int64(heard[i] * _SCALE) - columns[BASE]) > _LEAST:
                columns[FRAME] = first + i
                store_release(columns, STATE, HEARD)
                break
    return 0


class Ear:
    """A client of the default server, listening to a port of another.

    Parameters
    ----------
    port : str
        Full name of the port.

    Raises
    ------
    AudioError
        When the port does not come to be.
    """

    def __init__(self, port: str) -> None:
        self._library = library = load_libjack()
        self._columns: NDArray[np.int64] = np.zeros(COLUMNS, np.int64)
        self._client = me = open_client("ear")
        self._columns[CLIENT] = me
        self._columns[GET_BUFFER] = address_of(library.jack_port_get_buffer)
        self._columns[LAST_TIME] = address_of(library.jack_last_frame_time)
        self._columns[PORT] = library.jack_port_register(me, b"in", _AUDIO, _IS_INPUT, 0)
        signature = types.int32(types.uint32, types.int64)
        self._callback = callback(signature, _process)
        library.jack_set_process_callback(me, self._callback.address, self._columns.ctypes.data)
        if library.jack_activate(me):
            raise AudioError("JACK would not activate the ear; restart its server")
        own = library.jack_port_name(int(self._columns[PORT]))
        deadline = time.monotonic() + _WAIT_SECONDS
        while library.jack_connect(me, port.encode(), own):  # its owner may not be there yet
            if time.monotonic() > deadline:
                raise AudioError(f"cannot listen to {port}; is it there?")
            time.sleep(_POLL_SECONDS)

    @property
    def now(self) -> int:
        """The server's frame, as it is estimated between two blocks.

        A server that is late has frames still to come whose time is over: the estimate stops at the
        first of those, since nothing that is sent now is heard before it.
        """
        due = int(self._library.jack_frame_time(self._client))
        return min(due, int(self._columns[NEXT]))

    def listen(self) -> None:
        """Learn how it sounds now, and wait from here on for a change."""
        publish(self._columns[STATE : STATE + 1], ASKED)
        self._wait_for(LISTENING)

    def changed(self) -> int:
        """Give the frame of the first change since `listen`.

        Raises
        ------
        AudioError
            When nothing changes.
        """
        self._wait_for(HEARD)
        return int(self._columns[FRAME])

    def close(self) -> None:
        """Leave the server."""
        self._library.jack_client_close(self._client)

    def _wait_for(self, state: int) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while self._columns[STATE] < state:
            if time.monotonic() > deadline:
                raise AudioError("the sound did not change; is the server running?")
            time.sleep(_POLL_SECONDS)
