"""Announced on the loopback interface alone, where nobody else hears it."""

import asyncio
import ipaddress
import sys

import pytest

from idiolect.control.mdns import OSC, OSCQUERY, Announcement, _own_addresses

zeroconf = pytest.importorskip("zeroconf")


def test_others_find_both_ports_and_are_told_when_it_goes() -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    async def find() -> tuple[dict[str, tuple[int, list[str]]], bool]:
        announcement = Announcement("idiolect", "127.0.0.1", {OSC: 57300, OSCQUERY: 57301})
        announcement.open()
        other = AsyncZeroconf(interfaces=["127.0.0.1"])
        found = {}
        for kind in (OSC, OSCQUERY):
            info = AsyncServiceInfo(kind, f"idiolect.{kind}")
            assert await info.async_request(other.zeroconf, 10_000)
            assert info.properties == {b"txtvers": b"1"}
            found[kind] = (info.port, info.parsed_addresses())
        await announcement.close()
        await asyncio.sleep(1.5)  # a goodbye is kept for a second
        gone = AsyncServiceInfo(OSC, f"idiolect.{OSC}")
        is_there = await gone.async_request(other.zeroconf, 500)
        await other.async_close()
        return found, is_there

    found, is_there = asyncio.run(find())
    assert found == {OSC: (57300, ["127.0.0.1"]), OSCQUERY: (57301, ["127.0.0.1"])}
    assert not is_there


def test_without_the_extra_the_cure_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def announce() -> None:
        announcement = Announcement("idiolect", "127.0.0.1", {OSC: 57300})
        announcement.open()
        assert announcement._task is not None
        await announcement._task
        await announcement.close()

    for name in ("zeroconf", "zeroconf.asyncio"):
        monkeypatch.setitem(sys.modules, name, None)
    asyncio.run(announce())
    assert "idiolect[mdns]" in caplog.text


def test_loopback_is_not_told_to_others() -> None:
    assert not any(ipaddress.ip_address(address).is_loopback for address in _own_addresses())
