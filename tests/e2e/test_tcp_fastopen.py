"""TCP Fast Open (RFC 7413): a request that travels in the SYN, before there is a connection."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.oracle import measured
from lib.raw import get
from mme_stack import Route

FASTOPEN = Path("/proc/sys/net/ipv4/tcp_fastopen")
# client and server, without cookies, on every listener (Documentation/networking/ip-sysctl.rst)
EVERYWHERE = 0x1 | 0x2 | 0x4 | 0x200 | 0x400


@pytest.fixture(scope="module")
def fastopen() -> Iterator[None]:
    before = FASTOPEN.read_text()
    FASTOPEN.write_text(str(EVERYWHERE))
    yield
    FASTOPEN.write_text(before)


@pytest.fixture(scope="module", params=["mptcp-listener", "tcp-listener"])
def traefik(request, stack, upstream, fastopen):  # noqa: ARG001 -- a listener asks for it when it begins to listen
    env = {"GODEBUG": "multipathtcp=0"} if request.param == "tcp-listener" else {}
    with stack.nested() as inner:
        yield inner.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="fastopen", env=env)


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


def accepted_with_data() -> int:
    names, values = [line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2]]
    return int(dict(zip(names, values, strict=True))["TCPFastOpenPassive"])


def exchange(port: int, request: bytes) -> bytes:
    with socket.socket() as client:
        client.settimeout(60)
        sent = client.sendto(request, socket.MSG_FASTOPEN, ("127.0.0.1", port))
        client.sendall(request[sent:])
        reply = b""
        while data := client.recv(1 << 16):
            reply += data
        return reply


@pytest.mark.parametrize("more", [b"", b"X-Long: " + b"y" * 3000 + b"\r\n"], ids=["in-the-syn", "longer-than-the-syn"])
def test_request_in_the_syn_is_counted(agent, traefik, more):
    before = accepted_with_data()
    with measured(agent, traefik) as m:
        for status in (200, 201, 202):
            request = get(f"/?status={status}&size=10", fields="Connection: close\r\n" + more.decode())
            assert exchange(traefik.port, request).startswith(f"HTTP/1.1 {status}".encode())
    m.assert_equal(3)
    if accepted_with_data() == before:
        pytest.skip("this listener does not take data with the SYN")
