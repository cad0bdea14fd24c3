"""Bytes of bodies as Traefik counts them: difference 0 for completed exchanges, however the body is framed."""

import http.client
from collections.abc import Iterator

import pytest

from lib.oracle import measured, skipped_messages
from lib.raw import RawClient, get
from mme_stack.fetch import wait_until

MEBI = 1 << 20
LARGE = 100 * MEBI


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


def chunked(body: bytes, size: int, extension: str = "", trailers: str = "") -> bytes:
    out = b""
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        out += f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n"
    return out + f"0{extension}\r\n{trailers}\r\n".encode()


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000, MEBI])
@pytest.mark.parametrize("framing", ["", "&chunk=700", "&chunk=700&trailers=2", "&close=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_response(agent, traefik, method, framing, size):
    if method == "HEAD" and framing == "&close=1":
        pytest.skip("the upstream would send a body after HEAD, which is no HTTP")
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(get(f"/?size={size}{framing}", method=method))
        status, body = client.response(bodiless=method == "HEAD")
        assert (status, len(body)) == (200, size if method == "GET" else 0)
    m.assert_equal(1)
    assert sum(m.counted("responses_bytes_total").values()) == len(body)
    assert m.upstream("responses_bytes_total") == m.counted("responses_bytes_total"), m.losses()
    assert not skipped_messages(m.agent)


@pytest.mark.parametrize("size", [1, 700, 70_000, MEBI])
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("framing", ["length", "chunks", "extensions", "trailers"])
def test_request(agent, traefik, framing, method, size):
    """Bodies that look like requests. (An echo of large ones would end early: Go's server takes away what is unread of
    a body once the answer begins.)"""
    body = (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * (size // 27 + 1))[:size]
    if framing == "length":
        request = get("/?size=9", method=method, body=body)
    else:
        extension = ';a="b;c"' if framing == "extensions" else ""
        trailers = "X-End: 1\r\nX-More: GET / HTTP/1.1\r\n" if framing == "trailers" else ""
        piece = max(300, size // 100)
        fields = "Transfer-Encoding: chunked\r\n" + ("Trailer: X-End, X-More\r\n" if trailers else "")
        request = get("/?size=9", method=method, fields=fields) + chunked(body, piece, extension, trailers)
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(request)
        assert client.response()[0] == 200
    m.assert_equal(1)
    assert list(m.counted("requests_bytes_total").values()) == [size]
    assert m.upstream("requests_bytes_total") == m.counted("requests_bytes_total")
    assert not skipped_messages(m.agent)


@pytest.mark.parametrize("framing", ["", "&chunk=30000"])
def test_large_response(agent, traefik, framing):
    with measured(agent, traefik) as m:
        connection = http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=60)
        connection.request("GET", f"/?size={LARGE}{framing}")
        response = connection.getresponse()
        read = 0
        while data := response.read(MEBI):
            read += len(data)
        connection.close()
    assert read == LARGE
    m.assert_equal(1)
    assert sum(m.counted("responses_bytes_total").values()) == LARGE


@pytest.mark.parametrize("encode", [False, True], ids=["length", "chunked"])
def test_large_request(agent, traefik, encode):
    def pieces() -> Iterator[bytes]:
        for _ in range(LARGE // MEBI):
            yield b"x" * MEBI

    with measured(agent, traefik) as m:
        connection = http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=60)
        headers = {} if encode else {"Content-Length": str(LARGE)}
        connection.request("PUT", "/", body=pieces(), headers=headers, encode_chunked=encode)
        assert connection.getresponse().read() == b""
        connection.close()
    m.assert_equal(1)
    assert sum(m.counted("requests_bytes_total").values()) == LARGE


@pytest.mark.parametrize("status", [204, 304])
def test_replies_that_never_have_a_body(agent, traefik, status):
    """The next reply on the same connection is found although a 304 may name a length."""
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for path in (f"/?status={status}", "/?size=10", f"/?status={status}"):
            client.send(get(path))
            client.response()
    m.assert_equal(3)
    assert sum(m.counted("responses_bytes_total").values()) == 10


def test_compressed_bodies_count_as_they_are_on_the_wire(servers, upstream, observe):
    """Traefik's middleware compresses; its entrypoint counts what leaves."""
    dynamic = {
        "http": {
            "routers": {"r": {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": ["c"]}},
            "middlewares": {"c": {"compress": {"includedContentTypes": ["application/octet-stream"]}}},
            "services": {"s": {"loadBalancer": {"servers": [{"url": upstream.url}]}}},
        }
    }
    traefik = servers.traefik([], oracle=True, name="compressing", dynamic=dynamic)
    agent = observe(traefik)
    with RawClient(traefik.port) as client:  # the file provider answers a moment after the entrypoint

        def routed() -> bool:
            client.send(get("/"))
            return client.response()[0] == 200

        wait_until(routed)
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        client.send(get("/?size=100000", fields="Accept-Encoding: gzip\r\n"))
        status, body = client.response()
        assert status == 200
        assert len(body) < 10_000
    m.assert_equal(1)
    assert sum(m.counted("responses_bytes_total").values()) == len(body)
