"""Every form of exchange that HTTP/1 allows, and what is no HTTP at all, on the sockets of a real Traefik."""

import http.client
import itertools
import socket
import ssl
import threading
from contextlib import suppress

import pytest

from lib.holding import HoldingUpstream
from lib.oracle import (
    agree_but_for_request_bodies,
    assert_settled_accounting,
    measured,
    skipped_bytes,
    skipped_messages,
)
from lib.raw import RawClient, get
from mme_stack import Route
from mme_stack.fetch import wait_until

GIBI = 1 << 30


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


def test_pipelining(agent, traefik):
    """Several requests in one segment and segments that end inside of one."""
    paths = [f"/?size={n}" for n in (0, 1, 700)] + ["/?size=5000&chunk=900", "/?status=204", "/?status=404&size=3"] * 20
    stream = b"".join(get(p) for p in paths)
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(stream, range(97, len(stream), 997))
        for _ in paths:
            client.response()
    m.assert_equal(len(paths))
    assert not skipped_messages(m.agent)


def test_pipelined_bodies(agent, traefik):
    one = get("/?echo=1", method="POST", body=b"GET / HTTP/1.1\r\n\r\n" * 10)
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(one * 50)
        for _ in range(50):
            assert client.response()[0] == 200
    m.assert_equal(50)


@pytest.mark.parametrize("target", ["http://x/?size=5", "http://x", "*", "//two/slashes"])
def test_request_targets(agent, traefik, target):
    method = "OPTIONS" if target == "*" else "GET"
    until = (lambda m: m.total == 1) if target == "*" else None
    with measured(agent, traefik, until=until) as m, RawClient(traefik.port) as client:
        client.send(get(target, method=method, fields="Connection: close\r\n"))
        client.to_end()
    assert m.total == 1
    if target != "*":  # that one net/http answers before Traefik's own count sees it
        m.assert_equal(1)
    assert skipped_bytes(m.agent).keys() <= {"duplicate"}  # a busy machine's TCP may send again


def test_100_continue(agent, traefik):
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        fields = "Expect: 100-continue\r\nContent-Length: 1000\r\n"
        client.send(get("/?echo=1", method="POST", fields=fields))
        assert client.head()[0] == 100
        client.send(b"x" * 1000)
        assert client.response() == (200, b"x" * 1000)
    m.assert_equal(1)


def test_early_hints(agent, traefik):
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for _ in range(3):
            client.send(get("/?hints=3&size=10"))
            assert client.response()[0] == 200
    m.assert_equal(3)
    assert {code for code, *_ in m.counted()} == {"200"}


def test_upgrade_is_one_exchange_then_opaque(agent, traefik):
    def ended(m):
        return m.total == sum(m.expected().values()) == 1

    with measured(agent, traefik, until=ended) as m, RawClient(traefik.port) as client:
        client.send(get("/", fields="Connection: Upgrade\r\nUpgrade: websocket\r\n"))
        assert client.response()[0] == 101
        data = get("/never") * 100
        client.send(data)
        assert client.take(len(data)) == data
        client.socket.shutdown(socket.SHUT_WR)
        client.to_end()
    assert m.counted() == {("101", "GET", "websocket"): 1}
    assert sum(m.expected().values()) == 1  # Traefik 3.6.1 gives it the code 0; on the wire it is 101
    assert skipped_bytes(m.agent)["upgraded"] == 4 * len(data)  # both ways, on both legs


def test_early_response(agent, traefik):
    """The upstream answers while the body still arrives, on connections that go on to be used."""
    size = 100_000
    with measured(agent, traefik, until=agree_but_for_request_bodies) as m, RawClient(traefik.port) as client:
        for _ in range(5):
            client.send(get("/?early=1&size=20", method="POST", fields=f"Content-Length: {size}\r\n") + b"x" * 1000)
            for _ in range(9):
                client.send(b"GET / HTTP/1.1\r\n\r\n" * 611)
            client.send(b"x" * (size - 1000 - 9 * 18 * 611))
            assert client.response()[0] == 200
            client.send(get("/?status=201"))
            assert client.response()[0] == 201
    m.assert_equal(10, bodies=False)
    assert m.counted("responses_bytes_total") == m.expected("responses_bytes_total")


@pytest.mark.parametrize("announced", [10_000, 9_223_372_036_854_775_807])
@pytest.mark.parametrize("sent", [0, 1000])
def test_a_body_that_never_comes(agent, traefik, announced, sent):
    """What was announced counts for nothing."""
    with measured(agent, traefik, until=agree_but_for_request_bodies) as m, RawClient(traefik.port) as client:
        fields = f"Content-Length: {announced}\r\nConnection: close\r\n"
        client.send(get("/?early=1&size=20", method="POST", fields=fields) + b"x" * sent)
        assert client.response()[0] == 200
    m.assert_equal(1, bodies=False)
    assert sum(m.counted("requests_bytes_total").values()) == sent


def traefik_has(requests):
    return lambda m: sum(m.expected().values()) == requests


@pytest.mark.parametrize(
    "odd",
    [
        get("/", method="M" * 300),
        get("/", fields=f"X: {'y' * 70_000}\r\n"),
        get("/", version="1.0", method="POST", fields="Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"),
    ],
    ids=["long-method", "long-head", "chunked-1.0"],
)
def test_an_odd_request_does_not_blind_what_follows(agent, traefik, odd):
    """On the client's connection, and on those to the upstream, which Traefik uses for all clients."""
    with measured(agent, traefik, until=traefik_has(1)) as m, RawClient(traefik.port) as client:
        client.send(odd)
        client.response()
    few = 1 - m.total
    with measured(agent, traefik, until=traefik_has(21)) as m, RawClient(traefik.port) as client:
        client.send(odd)
        client.response()
        for _ in range(20):
            client.send(get("/?status=201"))
            assert client.response()[0] == 201
    assert m.counted()[("201", "GET", "http")] == 20, m.losses()
    assert m.upstream()[("201", "GET", "http")] == 20, m.losses()
    assert sum(m.expected().values()) - m.total == few


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("fields", ["", "Connection: close\r\n", "Connection: keep-alive\r\n"])
@pytest.mark.parametrize("framing", ["size=5000", "size=5000&chunk=500", "size=5000&close=1"])
def test_versions_and_ends(agent, traefik, version, fields, framing):
    """HTTP/1.0 has no chunks: Traefik delimits such a body by the end of the connection."""
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(get(f"/?{framing}", version=version, fields=fields))
        status, body = client.response()
        assert (status, len(body)) == (200, 5000)
    m.assert_equal(1)


def test_requests_cut_at_every_byte(agent, traefik):
    """Each two segments of a request with a chunked body, and each byte a segment of its own."""
    body = b"5;x=y\r\nGET /\r\n4\r\n\r\n\r\n\r\n0\r\nX-T: 1\r\n\r\n"
    request = get("/?size=9", method="PUT", fields="Transfer-Encoding: chunked\r\nX-Long: Content-Length: 7\r\n") + body
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for cut in range(1, len(request)):
            client.send(request, [cut])
            assert client.response()[0] == 200
        client.send(request, range(1, len(request)))
        assert client.response()[0] == 200
    m.assert_equal(len(request))
    assert m.counted("requests_bytes_total") == {("200", "PUT", "http"): 9 * len(request)}
    assert m.upstream() == m.counted()


class CuttingUpstream:
    """Answers every request with the same bytes, cut at the next position each time: replies cut at every byte."""

    opened: list[socket.socket]

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.cut: int | None = None  # None: uncut; 0: every byte apart
        self.opened = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.opened.append(connection)
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def end_connections(self) -> None:
        for connection in self.opened:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def answer(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        with connection, suppress(OSError):
            while data := connection.recv(1 << 16):
                pending += data
                while b"\r\n\r\n" in pending:
                    pending = pending.partition(b"\r\n\r\n")[2]
                    edges = [] if self.cut is None else [self.cut] if self.cut else range(1, len(self.reply))
                    for start, end in itertools.pairwise([0, *edges, len(self.reply)]):
                        connection.sendall(self.reply[start:end])
                    if self.cut is not None:
                        self.cut = (self.cut + 1) % len(self.reply)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\nHTTP/1.1 500",
        b"HTTP/1.1 202 A\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\n\r\n0\r\nb\r\nHTTP/1.1 50\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.1 103 E\r\nLink: </a>\r\n\r\nHTTP/1.1 404 N\r\ncontent-length:2\r\nX-Y: text/plain\r\n\r\n\r\n",
    ],
    ids=["length", "chunked", "hints"],
)
def test_replies_cut_at_every_byte(servers, observe, reply):
    upstream = CuttingUpstream(reply)
    traefik = servers.traefik(
        [Route("PathPrefix(`/`)", [f"http://127.0.0.1:{upstream.port}"])], oracle=True, name="cut"
    )
    agent = observe(traefik)
    upstream.end_connections()  # those of Traefik that are older than the agent: they would have to be met uncut once
    with RawClient(traefik.port) as client:
        client.send(get("/"))
        client.response()
    upstream.cut = 0
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for _ in range(len(reply)):
            client.send(get("/"))
            client.response()
    upstream.listener.close()
    m.assert_equal(len(reply))
    assert m.upstream() == m.counted()
    assert m.upstream("responses_bytes_total") == m.counted("responses_bytes_total")
    assert not skipped_messages(m.agent)


@pytest.mark.parametrize("size", [500, 4_000, 30_000, 60_000])
def test_long_heads(agent, traefik, size):
    """There and back, with the length of the body behind the long field."""
    fields = f"X-Long: {'Content-Length: 3 ' * (size // 18)}\r\nContent-Length: 5\r\n"
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for _ in range(3):
            client.send(get(f"/?header={size}&size=7", method="POST", fields=fields) + b"GET /")
            assert client.response()[0] == 200
    m.assert_equal(3)
    assert not skipped_messages(m.agent)


def test_a_body_of_a_gibibyte(agent, traefik):
    with measured(agent, traefik) as m:
        connection = http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=120)
        connection.request("GET", f"/?size={GIBI}")
        response = connection.getresponse()
        buffer = bytearray(1 << 20)
        read = 0
        while n := response.readinto(buffer):
            read += n
        connection.request("GET", "/?size=1")  # found behind all that
        assert connection.getresponse().read() == b"G"
        connection.close()
    assert read == GIBI
    m.assert_equal(2)


def test_a_client_that_goes_away(agent, traefik):
    """Nothing was answered, so nothing is counted here, but as a message without a reply; Traefik says 499."""

    def told(m):
        no_reply = skipped_messages(m.agent).get("no_reply", 0)
        gone, theirs = (table.get(("499", "GET", "http"), 0) for table in (m.counted(), m.expected()))
        return theirs == 5 and gone + no_reply >= 5

    with measured(agent, traefik, until=told) as m:
        for _ in range(5):
            client = RawClient(traefik.port)
            client.send(get("/?delay=200ms"))
            client.reset()
        with RawClient(traefik.port) as client:
            client.send(get("/?size=3&delay=300ms"))
            assert client.response() == (200, b"GET")
    assert m.counted()[("200", "GET", "http")] == 1
    assert m.expected()[("499", "GET", "http")] == 5
    assert m.counted().get(("499", "GET", "http"), 0) + skipped_messages(m.agent).get("no_reply", 0) >= 5


def test_a_client_that_leaves_in_the_middle_of_an_answer(agent, traefik):
    with measured(agent, traefik, settle=0.5) as m:
        client = RawClient(traefik.port)
        client.send(get("/?size=50000000"))
        client.head()
        client.reset()
        with RawClient(traefik.port) as other:
            other.send(get("/?size=3"))
            assert other.response()[0] == 200
    assert m.counted("responses_bytes_total")[("200", "GET", "http")] == 3


def test_an_upstream_that_aborts(agent, traefik):
    with measured(agent, traefik, settle=0.5) as m:
        with RawClient(traefik.port) as client:
            client.send(get("/?size=100000&abort=1"))
            client.to_end()
        with RawClient(traefik.port) as client:
            client.send(get("/?size=3"))
            assert client.response()[0] == 200
    assert m.counted("responses_bytes_total")[("200", "GET", "http")] == 3


NOT_HTTP = {
    "garbage": (bytes(range(128, 256)) * 4, "malformed"),
    "text": (b"hello, is this a database?\r\n\r\n", "malformed"),
    "quotes": (b'"}\n{" / HTTP/1.1\r\n\r\n', "malformed"),
    "http2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "http2"),
    "mongo": (b"\x3d\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" + bytes(45), "malformed"),
}


@pytest.mark.parametrize("what", NOT_HTTP)
def test_what_is_no_http_is_counted_by_reason(agent, traefik, what):
    data, reason = NOT_HTTP[what]
    before = agent.metrics()

    def told(m):
        return m.expected().get(("200", "GET", "http")) == 2 and skipped_messages(m.agent).get(reason, 0) >= 1

    with measured(agent, traefik, until=told) as m, RawClient(traefik.port) as other:
        other.send(get("/?size=3"))
        assert other.response()[0] == 200
        with RawClient(traefik.port) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            client.to_end()
        other.send(get("/?size=3"))
        assert other.response()[0] == 200
    assert m.counted()[("200", "GET", "http")] == 2
    assert skipped_messages(m.agent).get(reason, 0) >= 1, m.losses()
    new = agent.metrics().names() - before.names()
    assert not new, f"families from the wire: {new}"
    assert {method for _, method, _ in m.counted()} <= {"GET", "EXTENSION_METHOD", "PRI"}


def test_tls_client_hello(agent, traefik):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with measured(agent, traefik, settle=0.5) as m, RawClient(traefik.port) as other:
        with socket.create_connection(("127.0.0.1", traefik.port)) as plain:
            context.wrap_socket(plain, server_hostname="x").close()  # Traefik has a certificate for whoever asks
        other.send(get("/?size=3"))
        assert other.response()[0] == 200
    assert m.counted() == {("200", "GET", "http"): 1}
    assert skipped_messages(m.agent)["tls"] == 2  # each direction
    assert skipped_bytes(m.agent)["tls"] > 100


def test_connections_older_than_the_agent(servers, observe):
    """Taken up at the next request's start; one that the agent meets inside a request, at the one after."""
    with HoldingUpstream() as upstream:
        traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="older")
        clients = [RawClient(traefik.port) for _ in range(20)]
        for client in clients:
            client.send(get("/"))
            client.response()
        clients[0].send(get("/held"))
        upstream.wait_for(1)
        agent = observe(traefik)
        with measured(agent, traefik) as m:
            for client in clients[1:]:
                for _ in range(3):
                    client.send(get("/"))
                    assert client.response()[0] == 200
        m.assert_equal(57)
        with measured(agent, traefik, until=traefik_has(2)) as m:
            upstream.let_go()
            assert clients[0].response()[0] == 200
            clients[0].send(get("/", method="PUT", fields="Content-Length: 0\r\n"))
            assert clients[0].response()[0] == 200
        assert m.counted() == {("200", "PUT", "http"): 1}  # the other began before the agent did
        for client in clients:
            client.socket.close()


def test_upstream_connections_older_than_the_agent_in_a_shared_cgroup(servers, observe):
    """There the packets do not tell whose they are; the sockets of the process do."""
    upstream = servers.upstream(name="neighbour")
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="sharing", cgroup="/")
    with RawClient(traefik.port) as client:
        client.send(get("/?size=100"))  # Traefik keeps its connection to the upstream
        assert client.response()[0] == 200
        agent = observe(traefik)
        with measured(agent, traefik) as m:
            for _ in range(20):
                client.send(get("/?status=201&size=100"))
                assert client.response()[0] == 201
    m.assert_equal(20)
    assert m.upstream() == m.counted()


@pytest.mark.parametrize("listen", ["", "[::1]", "127.0.0.1"], ids=["all", "v6", "v4"])
def test_ip_versions(servers, upstream, observe, listen):
    """ "" is one dual-stack socket: IPv4 reaches it as v4-mapped."""
    traefik = servers.traefik(
        [Route("PathPrefix(`/`)", [upstream.url])], host="127.0.0.1", oracle=True, name="ip", start=False
    )
    text = traefik.static_file.read_text()
    traefik.static_file.write_text(text.replace(f"127.0.0.1:{traefik.port}", f"'{listen}:{traefik.port}'"))
    ways = {
        "": [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("::ffff:127.0.0.1", socket.AF_INET6)],
        "[::1]": [("::1", socket.AF_INET6)],
        "127.0.0.1": [("127.0.0.1", socket.AF_INET), ("::ffff:127.0.0.1", socket.AF_INET6)],
    }[listen]
    traefik.start(wait=False)

    def ready() -> bool:
        try:
            with RawClient(traefik.port, *ways[0]) as client:
                client.send(get("/"))
                return client.response()[0] == 200
        except OSError:
            return False

    wait_until(ready, timeout=30)
    agent = observe(traefik)
    with measured(agent, traefik) as m:
        for host, family in ways:
            with RawClient(traefik.port, host, family) as client:
                for _ in range(10):
                    client.send(get("/?size=100"))
                    assert client.response()[0] == 200
    m.assert_equal(10 * len(ways))


def test_an_upstream_over_ipv6(servers, observe):
    upstream = servers.upstream(name="upstream6", host="[::]")
    routes = [Route("PathPrefix(`/`)", [f"http://[::1]:{upstream.port}"])]
    traefik = servers.traefik(routes, oracle=True, name="to6")
    agent = observe(traefik)
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for _ in range(10):
            client.send(get("/?size=100"))
            assert client.response()[0] == 200
    m.assert_equal(10)
    assert m.upstream() == m.counted()
    found = m.agent.by("mme_upstream_requests_total", "url")
    assert found == {(f"http://[::1]:{upstream.port}",): 10} or found == {(f"[::1]:{upstream.port}",): 10} or not found


def test_half_closed(agent, traefik):
    """The client has sent all it wants and still reads."""
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(get("/?size=100000&chunk=5000&chunk_delay=5ms", fields="Connection: close\r\n"))
        client.socket.shutdown(socket.SHUT_WR)
        client.to_end()
    m.assert_equal()


def test_bytes_seen_are_those_of_the_sockets(plain_traefik, observe):
    """Another source for the account: both legs carry the same bodies, heads of some hundred bytes come with them."""
    agent = observe(plain_traefik)
    before = agent.metrics()
    with RawClient(plain_traefik.port) as client:
        client.send(get("/?size=100000", method="POST", body=b"x" * 100_000))
        client.response()
    added = agent.metrics() - before
    seen = added.value("mme_agent_bytes_seen_total", protocol="http")
    assert 400_000 <= seen - skipped_bytes(added).get("duplicate", 0) <= 404_000
    assert_settled_accounting(agent)
