"""HTTP: OSCQuery, a page of sliders, WebSockets, health and metrics on one port.

Reading is all HTTP can do here: what changes something comes as OSC.  Imported late, since aiohttp
takes longer to import than the first sound may wait.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable

from aiohttp import web

from idiolect.control.commands import VoiceCommand
from idiolect.control.guard import is_own_host, is_welcome_origin
from idiolect.control.intake import Intake
from idiolect.control.listener import Listener
from idiolect.control.metrics import LOOK_EVERY_S, Health, metrics
from idiolect.control.namespace import Leaf, Namespace
from idiolect.control.oscquery import ATTRIBUTES, EXTENSIONS, Directory, Value, notices
from idiolect.control.panel import read_panel, wants_page
from idiolect.control.websocket import Audience, accept

__all__ = ["WebEntrance"]

_log = logging.getLogger(__name__)
_quiet = logging.getLogger(f"{__name__}.requests")
_quiet.setLevel(logging.CRITICAL)  # aiohttp would log each malformed request, with a traceback
_IDLE_S = 30.0  # how long a connection may take to ask, or to ask again
_GOODBYE_S = 0.5
_BYTES_A_WORK = 256  # of an answer, in the count of what a machine may ask for


class WebEntrance:
    """Answers HTTP requests.

    Parameters
    ----------
    bound : list of socket
        Listening already.
    intake : Intake
        Where packets go.
    origins : tuple of str
        Pages of others that may read and open a WebSocket, beside the daemon's own.
    """

    def __init__(
        self, bound: list[socket.socket], intake: Intake, origins: tuple[str, ...] = ()
    ) -> None:
        self._intake = intake
        self._origins = origins
        self._desk = intake.desk
        self._directory = Directory((), (), self._value)
        self._read: tuple[Namespace | None, list[tuple[str, ...]]] = (None, [])
        self._audience = Audience(intake)
        self._health = Health(intake.desk.player)
        self._pages: dict[str, Callable[[], web.Response]] = {
            "/healthz": self._healthz,
            "/metrics": self._metrics,
        }
        self._server = web.Server(
            self._serve,
            access_log=None,
            logger=_quiet,
            keepalive_timeout=_IDLE_S,
            lingering_time=0.0,
        )
        self._listener = Listener(bound, intake, self._server)
        self._looking: asyncio.TimerHandle | None = None
        self._silent: dict[web.RequestHandler, float] = {}  # connections, since when
        self._asked: set[web.RequestHandler] = set()

    def open(self) -> None:
        """Begin to accept."""
        self._look()
        self._listener.open()

    async def close(self) -> None:
        """Send what is unsent, and listen no more."""
        self._listener.close()
        if self._looking is not None:
            self._looking.cancel()
        for peer in self._audience.peers:
            peer.close()
        await self._server.shutdown(_GOODBYE_S)

    def _renew(self) -> None:
        """Read the addresses anew if they have changed; who is connected is told what has."""
        player, namespace = self._desk.player, self._intake.dispatcher.namespace
        scales = [player.scales_of(voice) for voice in range(1, player.voices + 1)]
        if (namespace, scales) == self._read:
            return
        self._read = (namespace, scales)
        before = self._directory
        self._directory = Directory(namespace.leaves.values(), scales, self._value)
        for notice in notices(before, self._directory):
            for peer in tuple(self._audience.peers):
                peer.send(notice)

    def _value(self, leaf: Leaf) -> Value:
        if isinstance(leaf.target, VoiceCommand):
            assert leaf.target.value is not None
            return leaf.target.value(self._desk.player, leaf.voices[0])
        return self._intake.dispatcher.steering.shown(leaf, leaf.voices[0])

    def _look(self) -> None:
        self._health.look(self._desk.now())
        self._renew()
        self._hang_up()
        self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def _hang_up(self) -> None:
        """Close connections that have not asked anything for too long: not all aiohttp does."""
        now, there = self._desk.now(), self._server.connections
        self._asked.intersection_update(there)
        self._silent = {
            known: self._silent.get(known, now) for known in there if known not in self._asked
        }
        for connection, since in self._silent.items():
            if now - since >= _IDLE_S:
                connection.force_close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._asked.add(request.protocol)
        try:
            return await self._handle(request)
        except Exception:  # the border: log, and listen on
            _log.exception("a request was lost to an internal error")
            return _text(500, "an internal error; the daemon's log has the details")

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host, _ = _peer(request)
        wait = self._intake.owes(host)
        if wait:
            self._desk.counters.limited += 1
            await asyncio.sleep(wait)
        self._renew()
        response: web.StreamResponse | None = _refusal(request)
        if response is None:  # not `or`: to some versions of aiohttp a response counts as false
            if _wants_websocket(request):
                response = await self._upgrade(request)
            else:
                response = self._answer(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        origin = request.headers.get("Origin", "")
        if origin.lower() in self._origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
        self._intake.charge(host, 1 + (response.content_length or 0) / _BYTES_A_WORK)
        return response

    async def _upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and not is_welcome_origin(
            origin, request.headers["Host"], self._origins
        ):
            self._desk.counters.refused += 1
            return _text(403, "pages of other origins may not speak to this daemon")
        try:
            return await accept(request, self._intake, lambda: self._directory, self._audience)
        except web.HTTPBadRequest as error:
            return _text(400, f"this begins no WebSocket (RFC 6455, version 13): {error.text}")

    def _answer(self, request: web.BaseRequest) -> web.Response:
        page = self._pages.get(request.path)
        if page is not None:
            return page()
        accept = request.headers.get("Accept", "")
        if request.path_qs == "/" and wants_page(accept):
            return self._panel()
        attribute = request.query_string
        if attribute == "HOST_INFO":
            return _json(200, self._host_info(request))
        node = self._directory.node(request.path)
        if node is None:
            return _text(404, "no such address: ask for / to have them all")
        if not attribute:
            return _json(200, node)
        if attribute not in ATTRIBUTES:
            return _text(400, f"no such attribute: there is HOST_INFO, {', '.join(ATTRIBUTES)}")
        if attribute not in node:
            return web.Response(status=204)
        return _json(200, {attribute: node[attribute]})

    def _host_info(self, request: web.BaseRequest) -> dict[str, object]:
        assert request.transport is not None
        host, port = request.transport.get_extra_info("sockname")[:2]
        host = host.removeprefix("::ffff:")  # an IPv4 client of an IPv6 socket
        return {
            "NAME": self._desk.name,
            "EXTENSIONS": EXTENSIONS,
            "OSC_IP": host,
            "OSC_PORT": self._intake.datagrams.port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": host,
            "WS_PORT": port,
        }

    def _panel(self) -> web.Response:
        page, policy = read_panel()
        response = web.Response(text=page, content_type="text/html")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Cache-Control"] = "no-store"  # the same address is JSON to others
        return response

    def _healthz(self) -> web.Response:
        report = self._health.report(self._desk.now())
        is_well = all(report.values())
        return _json(200 if is_well else 503, {"healthy": is_well, **report})

    def _metrics(self) -> web.Response:
        response = web.Response(text=metrics(self._desk))
        response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
        return response


def _refusal(request: web.BaseRequest) -> web.Response | None:
    """Return why a request is not answered, or None."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or not is_own_host(hosts[0]):
        return _text(403, "ask by number, or as localhost: names of others are not taken")
    if request.method not in {"GET", "HEAD"}:
        response = _text(405, "this daemon is read over HTTP, and steered over OSC")
        response.headers["Allow"] = "GET, HEAD"
    elif request.body_exists:
        response = _text(413, "a question has no body")
    else:
        return None
    response.force_close()
    return response


def _wants_websocket(request: web.BaseRequest) -> bool:
    """Tell whether a request asks for a WebSocket; what else it could become is passed over."""
    protocols = ",".join(request.headers.getall("Upgrade", [])).lower().split(",")
    return "websocket" in map(str.strip, protocols)


def _peer(request: web.BaseRequest) -> tuple[str, int]:
    assert request.transport is not None
    host, port = (request.transport.get_extra_info("peername") or ("127.0.0.1", 0))[:2]
    return host, port


def _json(status: int, content: object) -> web.Response:
    return web.Response(status=status, text=json.dumps(content), content_type="application/json")


def _text(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=reason + "\n")
