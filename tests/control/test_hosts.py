import pytest

from idiolect.control.hosts import is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine_whichever_socket_has_seen_it(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "fe80::1%eth0", "0.0.0.0"]
)
def test_an_address_that_others_can_have_is_not(host: str) -> None:
    assert not is_local(host)
