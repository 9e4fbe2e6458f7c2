"""The libjack library, through ctypes: the functions this package calls, with their C types.

Loaded when it is first wanted; a machine without JACK never looks for it.
"""

import ctypes
import ctypes.util
import sys
import threading
from ctypes import POINTER, c_char_p, c_int, c_uint32, c_ulong, c_void_p
from functools import cache
from typing import Any

from idiolect.engine.callback import compiled
from idiolect.errors import AudioError

__all__ = ["LatencyRange", "address_of", "load_libjack", "open_client"]

_NAMES = {
    "darwin": ("libjack.dylib", "/usr/local/lib/libjack.dylib", "/opt/homebrew/lib/libjack.dylib"),
    "win32": ("libjack64.dll",),
}
_SONAME = ("libjack.so.0",)

_NO_START_SERVER = 0x01  # jack_options_t
_OPEN_SECONDS = 3.0  # for a server to let a client in
_NO_ANSWER = 0x20
_REASONS = {  # jack_status_t
    0x10: "no JACK server is running",
    _NO_ANSWER: "the JACK server does not answer",
    0x04: "the client's name is taken",
    0x400: "the JACK server is of another protocol version than this libjack",
}
_CURE = (
    "start one (jackd -d alsa, or PipeWire with pipewire-jack), or choose another way out: "
    "--audio device, or --audio null for none"
)


class LatencyRange(ctypes.Structure):
    """``jack_latency_range_t``, frames."""

    _fields_ = (("min", c_uint32), ("max", c_uint32))


_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "jack_activate": (c_int, [c_void_p]),
    "jack_client_close": (c_int, [c_void_p]),
    "jack_client_open": (c_void_p, [c_char_p, c_int, POINTER(c_int)]),
    "jack_connect": (c_int, [c_void_p, c_char_p, c_char_p]),
    "jack_frame_time": (c_uint32, [c_void_p]),
    "jack_frames_since_cycle_start": (c_uint32, [c_void_p]),
    "jack_free": (None, [c_void_p]),
    "jack_get_buffer_size": (c_uint32, [c_void_p]),
    "jack_get_client_name": (c_char_p, [c_void_p]),
    "jack_get_ports": (c_void_p, [c_void_p, c_char_p, c_char_p, c_ulong]),
    "jack_get_sample_rate": (c_uint32, [c_void_p]),
    "jack_last_frame_time": (c_uint32, [c_void_p]),
    "jack_on_shutdown": (None, [c_void_p, c_void_p, c_void_p]),
    "jack_port_get_buffer": (c_void_p, [c_void_p, c_uint32]),
    "jack_port_get_latency_range": (None, [c_void_p, c_int, POINTER(LatencyRange)]),
    "jack_port_name": (c_char_p, [c_void_p]),
    "jack_port_register": (c_void_p, [c_void_p, c_char_p, c_char_p, c_ulong, c_ulong]),
    "jack_set_buffer_size_callback": (c_int, [c_void_p, c_void_p, c_void_p]),
    "jack_set_error_function": (None, [c_void_p]),
    "jack_set_info_function": (None, [c_void_p]),
    "jack_set_process_callback": (c_int, [c_void_p, c_void_p, c_void_p]),
    "jack_set_xrun_callback": (c_int, [c_void_p, c_void_p, c_void_p]),
}


@cache
def load_libjack() -> Any:
    """Load libjack, with the types of what is called; its own messages go nowhere.

    Raises
    ------
    AudioError
        When it is not installed.
    """
    for name in _NAMES.get(sys.platform, _SONAME):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        return _typed(library)
    found = ctypes.util.find_library("jack")
    if found is None:
        raise AudioError(
            "libjack is not installed; install JACK (Debian: apt install jackd2), or choose "
            "another way out: --audio device, or --audio null for none"
        )
    return _typed(ctypes.CDLL(found))


def _typed(library: Any) -> Any:
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    silence = compiled("jack_message").address
    library.jack_set_error_function(silence)
    library.jack_set_info_function(silence)
    return library


def address_of(function: Any) -> int:
    """Address of a C function, for compiled code to call."""
    return int(ctypes.cast(function, c_void_p).value or 0)


def open_client(name: str) -> int:
    """Become a client of the server that ``JACK_DEFAULT_SERVER`` names, or of the usual one.

    Parameters
    ----------
    name : str
        JACK adds a number when it is taken.

    Returns
    -------
    int
        The client's address.

    Raises
    ------
    AudioError
        When there is no server, it does not let us in, or does not answer within some seconds.

    Notes
    -----
    Control thread.  While a server that hangs has not answered, no other is asked: libjack knows
    one at a time.
    """
    library = load_libjack()
    if _late:
        _late[0].join(0)
        if _late[0].is_alive():
            raise AudioError(f"{_REASONS[_NO_ANSWER]}; {_CURE}")
        late = _late.pop().client
        if late:
            library.jack_client_close(late)
    request = _Request(library, name)
    request.start()
    request.join(_OPEN_SECONDS)
    if request.is_alive():
        _late.append(request)
        raise AudioError(f"{_REASONS[_NO_ANSWER]}; {_CURE}")
    if request.client:
        return request.client
    reasons = [text for bit, text in _REASONS.items() if request.status & bit]
    reason = "; ".join(reasons) or f"the JACK server refused (status {request.status:#x})"
    raise AudioError(f"{reason}; {_CURE}")


class _Request(threading.Thread):
    """Asks to be let in, on a thread that a server that hangs may keep."""

    def __init__(self, library: Any, name: str) -> None:
        super().__init__(name="idiolect-jack", daemon=True)
        self.client = 0
        self.status = 0
        self._library = library
        self._name = name

    def run(self) -> None:
        """Ask."""
        status = c_int(0)
        # No server is started from here: it would be a child of ours, with settings nobody chose.
        client = self._library.jack_client_open(
            self._name.encode(), _NO_START_SERVER, ctypes.byref(status)
        )
        self.client, self.status = int(client or 0), status.value


_late: list[_Request] = []
"""At most one: asked of a server that had not answered when nobody waited any more."""
