"""The JACK output: libjack calls the compiled callback, and a lost server is found again."""

import ctypes
import time
from ctypes import c_void_p

from idiolect.audio.libjack import LatencyRange, address_of, load_libjack, open_client
from idiolect.audio.output import finishes
from idiolect.engine.callback import compiled
from idiolect.engine.seat import (
    BUFFER,
    CLIENT,
    DOWN,
    GET_BUFFER,
    SINCE_START,
    Seat,
)
from idiolect.errors import AudioError, RestartNeeded

__all__ = ["JackOutput", "server_rate"]

_AUDIO = b"32 bit float mono audio"
_IS_INPUT, _IS_OUTPUT, _IS_PHYSICAL, _IS_TERMINAL = 0x1, 0x2, 0x4, 0x10
_PLAYBACK = 1  # JackPlaybackLatency
_SILENT_SECONDS = 1.0
"""A server that asks for nothing for so long is dead, whether or not it said goodbye."""

_CLOSE_SECONDS = 2.0
_LATENCY_SECONDS = 0.1
_abandoned: list[Seat] = []
"""Seats of clients that would not close: libjack may still call them."""


def server_rate() -> int:
    """Ask the JACK server for its rate, Hz.

    Raises
    ------
    AudioError
        When there is no server.
    """
    library = load_libjack()
    client = open_client("idiolect-rate")
    rate = int(library.jack_get_sample_rate(client))
    library.jack_client_close(client)
    return rate


class JackOutput:
    """A way out through JACK, or PipeWire in its place.

    A port for each channel, ``out_1`` and on, connected to the physical playback ports, as far as
    there are any.  The process callback is compiled; so are the others, which only store a number.

    Parameters
    ----------
    seat
        Of the callback.
    name : str
        Of the client; JACK adds a number when it is taken.

    Raises
    ------
    AudioError
        When there is no server.
    RestartNeeded
        When it runs at another rate than the engine, or libjack has not come back from leaving a
        server that died.

    Notes
    -----
    Control thread.
    """

    def __init__(self, seat: Seat, name: str = "idiolect") -> None:
        self.seat = seat
        self.sample_rate = seat.engine.sample_rate
        self._wanted_name = name
        self._library = load_libjack()
        self._client = 0
        self._open()

    @property
    def name(self) -> str:
        """What the user is told."""
        return f"jack {self.client_name}"

    @property
    def block_size(self) -> int:
        """Frames per block, as the server last said."""
        return int(self.seat.columns[BUFFER])

    @property
    def latency_frames(self) -> int:
        """Frames to the farthest physical port we are connected to."""
        if not self.alive:
            return 0
        found = LatencyRange()
        port = int(self.seat.ports[0])
        self._library.jack_port_get_latency_range(port, _PLAYBACK, ctypes.byref(found))
        return int(found.max)

    @property
    def alive(self) -> bool:
        """Whether the server is there and asks for blocks."""
        if self._client == 0 or self.seat.columns[DOWN]:
            return False
        return self.seat.seconds_silent < _SILENT_SECONDS

    def start(self) -> None:
        """Let the engine play."""
        self.seat.run(True)

    def stop(self) -> None:
        """Leave the server."""
        self.seat.run(False)
        client, self._client = self._client, 0
        if client and not finishes(lambda: self._library.jack_client_close(client), _CLOSE_SECONDS):
            _abandoned.append(self.seat)

    def _open(self) -> None:
        if _abandoned:
            raise RestartNeeded(
                "libjack still waits for a server that does not answer; a new process can reach "
                "another one"
            )
        client = open_client(self._wanted_name)
        rate = int(self._library.jack_get_sample_rate(client))
        if rate != self.sample_rate:
            self._library.jack_client_close(client)
            raise RestartNeeded(
                f"the JACK server runs at {rate} Hz and the engine at {self.sample_rate} Hz; "
                "a new process follows the server"
            )
        self._client = client
        self.client_name = self._library.jack_get_client_name(client).decode()
        try:
            self._take_seat(client)
            self._call_back(client)
            self._connect(client)
        except AudioError:
            self.stop()
            raise

    def _take_seat(self, client: int) -> None:
        """Tell the callback where everything is."""
        library, columns = self._library, self.seat.columns
        columns[CLIENT] = client
        columns[BUFFER] = library.jack_get_buffer_size(client)
        columns[GET_BUFFER] = address_of(library.jack_port_get_buffer)
        columns[SINCE_START] = address_of(library.jack_frames_since_cycle_start)
        for channel in range(len(self.seat.ports)):
            name, flags = f"out_{channel + 1}", _IS_OUTPUT | _IS_TERMINAL
            port = library.jack_port_register(client, name.encode(), _AUDIO, flags, 0)
            if not port:
                raise AudioError(f"JACK has no port {name} left; raise its port limit")
            self.seat.ports[channel] = port
        self.seat.take()

    def _call_back(self, client: int) -> None:
        """Register the compiled callbacks, then begin."""
        library, address = self._library, self.seat.address
        for what, callback in (
            (library.jack_set_process_callback, "jack_process"),
            (library.jack_set_xrun_callback, "jack_xrun"),
            (library.jack_set_buffer_size_callback, "jack_buffer"),
            (library.jack_on_shutdown, "jack_shutdown"),
        ):
            if what(client, compiled(callback).address, address):
                raise AudioError(f"JACK refused the callback {callback}; restart its server")
        if library.jack_activate(client):
            raise AudioError("JACK would not activate the client; restart its server")

    def _connect(self, client: int) -> None:
        """Connect to the physical playback ports, if there are any."""
        library = self._library
        ports = self._physical_ports(client)
        targets = ports * 2 if len(ports) == 1 else ports  # a mono card gets both channels
        for own, port in zip(self.seat.ports, targets, strict=False):
            library.jack_connect(client, library.jack_port_name(int(own)), port)  # or not: no harm
        deadline = time.monotonic() + _LATENCY_SECONDS
        while ports and self.latency_frames == 0 and time.monotonic() < deadline:
            time.sleep(0.005)  # the server works it out after connecting

    def _physical_ports(self, client: int) -> list[bytes]:
        library = self._library
        found = library.jack_get_ports(client, None, _AUDIO, _IS_PHYSICAL | _IS_INPUT)
        if not found:
            return []
        names = ctypes.cast(c_void_p(found), ctypes.POINTER(ctypes.c_char_p))
        ports: list[bytes] = []
        while (port := names[len(ports)]) is not None:
            ports.append(port)
        library.jack_free(found)
        return ports
