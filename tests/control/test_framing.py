import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.control.codec import MAX_PACKET
from idiolect.control.framing import Framing, Sized, Slip, recognise
from idiolect.errors import PacketError

END, ESCAPE = b"\xc0", b"\xdb"

awkward = st.lists(
    st.sampled_from([END, ESCAPE, b"\xdc", b"\xdd", b"/", b"\0"]) | st.binary(max_size=9)
).map(b"".join)
packets = st.lists(awkward.filter(bool), max_size=8)


def cut(stream: bytes, at: Sequence[int]) -> list[bytes]:
    """The same bytes in pieces, cut at these places, some of them twice."""
    places = [0, *sorted(place % (len(stream) + 1) for place in at), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(places)]


def fed(framing: Framing, pieces: Sequence[bytes]) -> list[object]:
    """What comes out; of what was none, that there was one."""
    found = [packet for piece in pieces for packet in framing.feed(piece)]
    return [packet if isinstance(packet, bytes) else PacketError for packet in found]


@pytest.mark.parametrize("kind", [Slip, Sized])
@given(sent=packets, at=st.lists(st.integers(0, 10**6)))
def test_what_was_framed_comes_out_whatever_the_pieces(
    kind: type[Framing], sent: list[bytes], at: list[int]
) -> None:
    stream = b"".join(kind().frame(packet) for packet in sent)
    assert fed(kind(), cut(stream, at)) == sent


@pytest.mark.parametrize("kind", [Slip, Sized])
@given(stream=awkward, at=st.lists(st.integers(0, 10**6)))
def test_any_bytes_mean_the_same_whatever_the_pieces(
    kind: type[Framing], stream: bytes, at: list[int]
) -> None:
    assert fed(kind(), cut(stream, at)) == fed(kind(), [stream])


@given(sent=packets, broken=awkward)
def test_after_broken_slip_the_next_packet_is_read(sent: list[bytes], broken: bytes) -> None:
    stream = broken + b"".join(Slip().frame(packet) for packet in sent)
    assert fed(Slip(), [stream])[-len(sent) or len(stream) :] == sent


@given(sent=packets)
def test_one_end_between_packets_is_enough(sent: list[bytes]) -> None:
    stream = b"".join(Slip().frame(packet)[1:] for packet in sent)
    assert fed(Slip(), [stream]) == sent


@pytest.mark.parametrize("wrong", [ESCAPE, ESCAPE + b"x", ESCAPE + ESCAPE + b"\xdc", b"a" + ESCAPE])
def test_a_wrong_escape_is_no_packet(wrong: bytes) -> None:
    assert fed(Slip(), [END + wrong + END]) == [PacketError]


def test_slip_is_the_bytes_of_the_rfc() -> None:
    assert Slip().frame(b"\xc0a\xdb") == b"\xc0\xdb\xdca\xdb\xdd\xc0"


def test_a_packet_without_an_end_is_kept_no_further_than_it_may_be_long() -> None:
    slip = Slip()
    for _ in range(100):
        assert slip.feed(b"a" * MAX_PACKET) == []
        assert len(slip._partial) <= 2 * MAX_PACKET
    assert fed(slip, [END + b"/next" + END]) == [PacketError, b"/next"]


def test_the_longest_packet_passes_even_if_all_of_it_is_escaped() -> None:
    longest = END * MAX_PACKET
    assert fed(Slip(), [Slip().frame(longest)]) == [longest]


@pytest.mark.parametrize("size", [0, -1, MAX_PACKET + 1, 2**31 - 1])
def test_a_size_that_cannot_be_ends_it(size: int) -> None:
    sized = Sized()
    good = sized.frame(b"/abc")
    wrong = size.to_bytes(4, signed=True)
    assert fed(sized, [good + wrong + good, good]) == [b"/abc", PacketError]
    assert sized.is_lost
    assert not sized._partial


@pytest.mark.parametrize(
    ("first", "kind"), [(b"\xc0", Slip), (b"/", Slip), (b"#", Slip), (b"\0", Sized)]
)
def test_the_first_byte_tells_which_it_is(first: bytes, kind: type[Framing]) -> None:
    assert isinstance(recognise(first[0]), kind)
