"""What the kernel shows of a stream that did not arrive in order, once, or unharmed; counts still equal Traefik's."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from lib.oracle import measured, skipped_bytes, skipped_messages
from lib.raw import RawClient, get
from lib.userspace_tcp import UserTcp, Wire, wire
from mme_stack import Route

ports = itertools.count(40_000)
# The second looks like requests inside, so that a parser which starts again inside of it is found out.
REQUESTS = [
    get("/?size=10"),
    get("/?status=202&size=20", method="PUT", body=b"GET /in-a-body HTTP/1.1\r\nHost: x\r\n\r\n" * 30),
    get("/?status=203&size=30", fields="X: y\r\n" * 20),
]
STREAM = b"".join(REQUESTS)
# Long enough for the hook to see it with a bad checksum: short segments are verified before.
OTHER = get("/?status=500", fields=f"X: {'y' * 200}\r\n")
COUNTED = {("200", "GET", "http"): 1, ("202", "PUT", "http"): 1, ("203", "GET", "http"): 1}


@pytest.fixture(scope="module")
def line() -> Iterator[Wire]:
    with wire() as made:
        yield made


@pytest.fixture(scope="module", params=["mptcp-listener", "tcp-listener"])
def traefik(request, stack, upstream, line):  # noqa: ARG001 -- the wire first, Traefik listens on its address too
    """Go listens with MPTCP where the kernel has it: both kinds of listening socket."""
    env = {"GODEBUG": "multipathtcp=0"} if request.param == "tcp-listener" else {}
    with stack.nested() as inner:
        routes = [Route("PathPrefix(`/`)", [upstream.url])]
        yield inner.traefik(routes, host="", oracle=True, name="segments", env=env)


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


@pytest.fixture
def connect(line, traefik):
    opened: list[UserTcp] = []

    def start(first: bytes = b"") -> UserTcp:
        tcp = UserTcp(line, traefik.port, next(ports))
        opened.append(tcp)
        tcp.connect(first)
        return tcp

    yield start
    for tcp in opened:
        tcp.close()


def pieces(size: int) -> list[tuple[int, bytes]]:
    return [(at, STREAM[at : at + size]) for at in range(0, len(STREAM), size)]


def plain(tcp: UserTcp) -> None:
    for at, data in pieces(100):
        tcp.segment(at, data)


def byte_by_byte(tcp: UserTcp) -> None:
    for at, data in pieces(1):
        tcp.segment(at, data)


def duplicates(tcp: UserTcp) -> None:
    for at, data in pieces(100):
        tcp.segment(at, data)
        tcp.segment(at, data)
    tcp.segment(0, STREAM[:100])


def swapped(tcp: UserTcp) -> None:
    for one, other in itertools.zip_longest(pieces(100)[::2], pieces(100)[1::2]):
        for piece in (other, one):
            if piece:
                tcp.segment(*piece)


def reversed_all(tcp: UserTcp) -> None:
    for at, data in reversed(pieces(200)):
        tcp.segment(at, data)


def overlapping(tcp: UserTcp) -> None:
    """Each segment begins inside of the one before, and some hold all of it."""
    for at, data in pieces(100):
        back = min(at, 60)
        tcp.segment(at - back, STREAM[at - back : at] + data)
    tcp.segment(100, STREAM[100:300])


def overlapping_ahead(tcp: UserTcp) -> None:
    """The kernel keeps what is ahead; what fills the hole overlaps it."""
    tcp.segment(200, STREAM[200:400])
    tcp.segment(300, STREAM[300:500])
    tcp.segment(0, STREAM[:250])
    tcp.segment(150, STREAM[150:])


def wrong_sequence(tcp: UserTcp) -> None:
    """Far outside of the window, with what would be a fine request, at a message border and inside a message."""
    tcp.segment(10_000_000, get("/?status=500"))
    tcp.segment(0, STREAM[:50])
    tcp.segment(-10_000_000, get("/?status=500"))
    tcp.segment(50, STREAM[50:])


def bad_checksum(tcp: UserTcp) -> None:
    """TCP rejects the first, although the hook sees it with the victim's socket; then comes the real one."""
    for number, (at, data) in enumerate(pieces(len(STREAM) // 4)):
        if number == 0:
            tcp.segment(at, data, spoil=True)
        tcp.segment(at, data)


def bad_checksum_with_another_request(tcp: UserTcp) -> None:
    tcp.segment(0, OTHER, spoil=True)
    tcp.segment(0, STREAM)


def bad_checksum_in_step(tcp: UserTcp) -> None:
    """After some requests, a rejected one and, in segments of another size, the real ones."""
    first = len(REQUESTS[0])
    tcp.segment(0, STREAM[:first])
    tcp.segment(first, OTHER, spoil=True)
    for at, data in pieces(100):
        tcp.segment(at, data)


def bad_checksum_inside_a_body(tcp: UserTcp) -> None:
    at = len(REQUESTS[0]) + len(REQUESTS[1]) - 300
    tcp.segment(0, STREAM[:at])
    tcp.segment(at, b"\xff" * 200, spoil=True)
    tcp.segment(at, STREAM[at:])


def hole_filled_late(tcp: UserTcp) -> None:
    first, *rest = pieces(100)
    for at, data in rest:
        tcp.segment(at, data)
    tcp.segment(*first)


def keep_alive_probe(tcp: UserTcp) -> None:
    """One byte before what is next, as keep-alive probes have it."""
    half = len(STREAM) // 2
    tcp.segment(0, STREAM[:half])
    tcp.segment(half - 1, b"\0")
    tcp.segment(half, STREAM[half:])


Way = Callable[[UserTcp], None]


WAYS: list[Way] = [
    plain,
    byte_by_byte,
    duplicates,
    swapped,
    reversed_all,
    overlapping,
    overlapping_ahead,
    wrong_sequence,
    bad_checksum,
    bad_checksum_with_another_request,
    bad_checksum_in_step,
    bad_checksum_inside_a_body,
    hole_filled_late,
    keep_alive_probe,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
def test_counts_as_traefik_does(agent, traefik, connect, way):
    with measured(agent, traefik) as m:
        tcp = connect()
        way(tcp)
        tcp.sent = len(STREAM)
        tcp.wait_bytes(b"HTTP/1.1 203")
        tcp.send(get("/?status=201"))  # the connection is still in step
        tcp.wait_bytes(b"HTTP/1.1 201")
        tcp.close()  # bytes that still wait for what is missing in front of them are accounted now
    m.assert_equal(len(REQUESTS) + 1)
    assert m.counted() == {**COUNTED, ("201", "GET", "http"): 1}
    assert m.upstream() == m.counted()


@pytest.mark.parametrize("cut", [len(STREAM), 7])
def test_data_with_the_third_ack(agent, traefik, connect, cut):
    """It arrives on the listening socket; the reply leaves from its child."""
    with measured(agent, traefik) as m:
        for _ in range(10):
            tcp = connect(STREAM[:cut])
            if STREAM[cut:]:
                tcp.send(STREAM[cut:])
            tcp.wait_bytes(b"HTTP/1.1 203")
    m.assert_equal(10 * len(REQUESTS))
    assert m.counted() == {k: 10 * v for k, v in COUNTED.items()}


def test_disorder_after_the_third_ack(agent, traefik, connect):
    """What waited on the listening socket leaves nothing behind that a later hole would meet."""
    first, rest = len(REQUESTS[0]), STREAM[len(REQUESTS[0]) :]
    with measured(agent, traefik) as m:
        tcp = connect(STREAM[:first])
        tcp.segment(first + 200, rest[200:])
        tcp.segment(first, rest[:200])
        tcp.sent = len(STREAM)
        tcp.wait_bytes(b"HTTP/1.1 203")
        tcp.close()
    m.assert_equal(len(REQUESTS))
    assert not skipped_messages(m.agent)


def test_disorder_on_an_address_that_is_used_again(agent, traefik, line):
    """The first connection ends with a hole; the second has the same ports."""
    port = next(ports)
    with measured(agent, traefik) as m:
        first = UserTcp(line, traefik.port, port)
        first.connect()
        first.segment(50, STREAM[50:])
        first.close()
        second = UserTcp(line, traefik.port, port)
        second.connect()
        swapped(second)
        second.sent = len(STREAM)
        second.wait_bytes(b"HTTP/1.1 203")
        second.close()
    m.assert_equal(len(REQUESTS))
    assert skipped_bytes(m.agent)["gap"] == len(STREAM) - 50


def test_hundreds_of_segments_behind_a_hole(agent, traefik, connect):
    """What one CPU brings while the segment before it waits on another."""
    stream = STREAM * 12
    with measured(agent, traefik) as m:
        tcp = connect()
        for at in range(100, len(stream), 100):
            tcp.segment(at, stream[at : at + 100])
        tcp.segment(0, stream[:100])
        tcp.sent = len(stream)
        tcp.wait_bytes(b"HTTP/1.1 203", times=12)
        tcp.close()
    m.assert_equal(12 * len(REQUESTS))
    assert not skipped_messages(m.agent)


def test_urgent_data_is_opaque(agent, traefik, connect):
    """The application may read one byte less than the stream has, so nothing behind it can be trusted."""

    def told(m):
        return sum(m.expected().values()) == 3 and skipped_messages(m.agent).get("urgent", 0) >= 1

    with measured(agent, traefik, until=told) as m:
        tcp = connect()
        tcp.send(get("/?size=10"))
        tcp.wait_bytes(b"HTTP/1.1 200")
        request = get("/?status=404")
        tcp.segment(tcp.sent, request[:5] + b"!" + request[5:], urgent=6)
        tcp.sent += len(request) + 1
        tcp.wait_bytes(b"HTTP/1.1 404")
        with RawClient(traefik.port) as other:
            other.send(get("/?status=201"))
            assert other.response()[0] == 201
    assert m.expected() == {("200", "GET", "http"): 1, ("404", "GET", "http"): 1, ("201", "GET", "http"): 1}
    assert m.counted() == {("200", "GET", "http"): 1, ("201", "GET", "http"): 1}
    assert skipped_messages(m.agent)["urgent"] >= 1
    assert skipped_bytes(m.agent)["urgent"] >= len(request) + 1
