"""Telling other machines of the network where the daemon is (multicast DNS, RFC 6762 and 6763).

zeroconf is an optional extra: it is imported when the daemon is to be announced, and not before.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

__all__ = ["OSC", "OSCQUERY", "Announcement"]

OSC = "_osc._udp.local."
OSCQUERY = "_oscjson._tcp.local."

_log = logging.getLogger(__name__)


class Announcement:
    """What is announced while the daemon runs.

    Parameters
    ----------
    name : str
        The daemon's; another one's of the same name on the network adds a number to it.
    host : str
        Where the daemon listens, numeric; an unspecified address means all of the machine's.
    services : mapping
        Ports by type of service.
    """

    def __init__(self, name: str, host: str, services: Mapping[str, int]) -> None:
        self._name = name
        self._host = ipaddress.ip_address(host)
        self._services = services
        self._task: asyncio.Task[None] | None = None
        self._zeroconf: AsyncZeroconf | None = None

    def open(self) -> None:
        """Begin to announce."""
        self._task = asyncio.get_running_loop().create_task(self._announce())

    async def close(self) -> None:
        """Say that it has gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    async def _announce(self) -> None:
        try:  # aside, since it takes a while
            await asyncio.to_thread(import_module, "zeroconf.asyncio")
        except ImportError:
            _log.warning(
                "not announced on the network, since zeroconf is missing: pip install 'idiolect[mdns]'"
            )
            return
        import zeroconf
        from zeroconf.asyncio import AsyncZeroconf

        every = self._host.is_unspecified
        interfaces = zeroconf.InterfaceChoice.All if every else [str(self._host)]
        try:
            self._zeroconf = AsyncZeroconf(interfaces=interfaces)
            for service in self._describe():
                await self._zeroconf.async_register_service(service, allow_name_change=True)
        except (OSError, zeroconf.Error) as error:
            _log.warning("not announced on the network: %s", error)

    def _describe(self) -> "Sequence[ServiceInfo]":
        from zeroconf import ServiceInfo

        addresses = _own_addresses() if self._host.is_unspecified else [str(self._host)]
        return [
            ServiceInfo(
                kind,
                f"{self._name}.{kind}",
                port=port,
                properties={"txtvers": "1"},
                server=f"{socket.gethostname()}.local.",
                parsed_addresses=addresses,
            )
            for kind, port in self._services.items()
        ]


def _own_addresses() -> list[str]:
    """Return this machine's addresses that others can reach."""
    import ifaddr  # comes with zeroconf

    found = [
        str(address.ip if address.is_IPv4 else address.ip[0])
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    ]
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]
