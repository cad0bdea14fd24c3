"""The observed connections never notice: byte-exact under an agent that comes and goes, nothing left behind."""

import os
import signal
import socket
import threading

import pytest

from lib.hooks import attached_to, linked, loaded
from lib.raw import RawClient, get
from mme_stack.fetch import wait_until

GIGA = 10**9
# of the transfer through both of Traefik's sockets
SIZE = int(float(os.environ.get("MME_E2E_TRANSFER_GB", "10")) * GIGA)
# what the upstream fills bodies with: tests/stack/upstream/serve.go
FILLER = b"GET /in-a-body HTTP/1.1\r\nHost: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n" * 1024


class Download(threading.Thread):
    """Compares every byte with what the upstream's pattern has at that place."""

    def __init__(self, port: int, size: int) -> None:
        super().__init__(daemon=True)
        self.port, self.size = port, size
        self.read = 0
        self.error: str | None = "did not finish"

    def run(self) -> None:
        period = len(FILLER)
        expected = memoryview(FILLER * 15)
        buffer = memoryview(bytearray(14 * period))
        with RawClient(self.port) as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            client.send(get(f"/?size={self.size}"))
            status, _ = client.head()
            assert status == 200
            early = client.buffer
            if early != FILLER[: len(early)]:
                self.error = "the first bytes differ"
                return
            self.read = len(early)
            while self.read < self.size:
                n = client.socket.recv_into(buffer)
                at = self.read % period
                if not n or buffer[:n] != expected[at : at + n]:
                    self.error = f"differs or ends at {self.read}..{self.read + n}"
                    return
                self.read += n
        self.error = None


@pytest.mark.slow
def test_a_transfer_is_byte_exact_while_the_agent_comes_and_goes(servers, plain_traefik):
    """SIGTERM and SIGKILL by turns. Connections opened meanwhile, one request each, must all be answered as well."""
    agent = servers.agent([plain_traefik], name="comes-and-goes")
    download = Download(plain_traefik.port, SIZE)
    download.start()
    rounds = 0
    while download.is_alive():
        (agent.kill if rounds % 2 else agent.stop)()
        agent.start()
        agent.wait_observing("traefik")
        with RawClient(plain_traefik.port) as client:
            client.send(get("/?size=1000"))
            assert client.response() == (200, FILLER[:1000])
        rounds += 1
    assert download.error is None
    assert download.read == SIZE
    assert rounds >= 2, "the transfer was too short to say anything"


def test_uploads_come_back_as_they_were_sent(servers, plain_traefik):
    """Random bytes both ways on one connection that lives through every start and end of the agent."""
    agent = servers.agent([plain_traefik], name="restarted", start=False)
    data = os.urandom(3_000)  # Go's server may take away the rest of a larger body once the answer begins
    request = get("/?echo=1", method="POST", body=data)
    with RawClient(plain_traefik.port) as client:
        for change in (lambda: None, agent.start, agent.kill, agent.start, agent.stop):
            change()
            for _ in range(300):
                client.send(request)
                assert client.response() == (200, data)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_attached(servers, plain_traefik, how):
    cgroup = plain_traefik.cgroup.path
    wait_until(lambda: not attached_to(cgroup))  # what an earlier test had attached
    agent = servers.agent([plain_traefik], name="leaves-nothing")
    programs = attached_to(cgroup)
    assert set(programs.values()) == {"mme_ingress", "mme_egress", "mme_sockops", "mme_connect4", "mme_connect6"}
    assert linked() >= set(programs)

    os.kill(agent.pid, how)
    agent.process.wait(60)

    assert agent.process.returncode == (-how if how == signal.SIGKILL else 0)
    wait_until(lambda: not attached_to(cgroup))
    wait_until(lambda: not (set(programs) & (loaded() | linked())))  # the kernel frees them a moment later


def test_two_agents_at_once(servers, plain_traefik):
    """Each counts everything; neither disturbs the other, nor does the end of one."""
    first = servers.agent([plain_traefik], name="first")
    second = servers.agent([plain_traefik], name="second")

    def made(agents, times: int) -> list[float]:
        before = [a.metrics() for a in agents]
        with RawClient(plain_traefik.port) as client:
            for _ in range(times):
                client.send(get("/?status=201"))
                assert client.response()[0] == 201
        after = [a.metrics() - b for a, b in zip(agents, before, strict=True)]
        return [m.counter("traefik_entrypoint_requests_total", code="201") for m in after]

    assert made([first, second], 50) == [50, 50]
    first.stop()
    assert made([second], 50) == [50]
