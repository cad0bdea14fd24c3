"""Each shape of exchange the upstream offers, byte by byte on the wire."""

import socket
import time

import pytest

from mme_stack import Stack


@pytest.fixture(scope="module")
def upstream():
    with Stack() as stack:
        yield stack.upstream()


def ask(upstream, query: str, head: str = "", method: str = "GET", body: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as s:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        s.sendall(f"{method} /?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{length}{head}\r\n".encode() + body)
        answer = b""
        while data := s.recv(65536):
            answer += data
    return answer


def split(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def test_content_length(upstream):
    head, body = split(ask(upstream, "size=1234&status=404"))
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"Content-Length: 1234" in head
    assert len(body) == 1234


def test_chunks_and_trailers(upstream):
    head, body = split(ask(upstream, "size=25&chunk=10&trailers=2"))
    assert b"Transfer-Encoding: chunked" in head
    assert body.startswith(b"a\r\n")
    assert b"\r\n5\r\n" in body
    assert body.endswith(b"0\r\nX-Trailer-0: end\r\nX-Trailer-1: end\r\n\r\n")


def test_early_hints(upstream):
    answer = ask(upstream, "hints=2")
    assert answer.count(b"HTTP/1.1 103 Early Hints\r\n") == 2
    assert b"HTTP/1.1 200 OK\r\n" in answer


def test_close_delimited(upstream):
    head, body = split(ask(upstream, "close=1&size=500"))
    assert b"Content-Length" not in head
    assert b"chunked" not in head
    assert len(body) == 500


def test_abort_resets_half_way(upstream):
    with pytest.raises(ConnectionResetError):
        ask(upstream, "abort=1&size=4000000")


@pytest.mark.parametrize("status", [204, 304])
def test_bodiless(upstream, status):
    assert split(ask(upstream, f"status={status}&size=10"))[1] == b""


def test_head_has_a_length_and_no_body(upstream):
    head, body = split(ask(upstream, "size=99", method="HEAD"))
    assert b"Content-Length: 99" in head
    assert body == b""


def test_delay_and_large_head(upstream):
    started = time.monotonic()
    head, _ = split(ask(upstream, "delay=150ms&header=60000"))
    assert time.monotonic() - started >= 0.15
    assert len(head) > 60000


def test_echo(upstream):
    assert split(ask(upstream, "echo=1", method="PUT", body=b"z" * 70000))[1] == b"z" * 70000


def test_early_response_comes_before_the_body(upstream):
    with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as s:
        s.sendall(b"POST /?early=1&size=3 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        assert s.recv(4096).startswith(b"HTTP/1.1 200 OK")
        s.sendall(b"67890")


def test_upgrade_echoes(upstream):
    with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert s.recv(4096).startswith(b"HTTP/1.1 101 ")
        s.sendall(b"\x81\x02hi")
        assert s.recv(4096) == b"\x81\x02hi"


def test_misspelt_value_is_an_error(upstream):
    assert ask(upstream, "delay=soon").startswith(b"HTTP/1.1 400 ")
