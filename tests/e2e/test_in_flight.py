"""Requests in flight, on both legs of a real Traefik: exactly those that an upstream holds back."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from lib.holding import REPLY, HoldingUpstream
from lib.raw import RawClient, get
from mme_stack import Agent, Route
from mme_stack.fetch import wait_until

KEPT = 4112  # requests for which the map `pending` has room; a socket's buffer has room for little more


@pytest.fixture
def upstream() -> Iterator[HoldingUpstream]:
    with HoldingUpstream() as upstream:
        yield upstream


@pytest.fixture
def traefik(servers, upstream):
    route = Route("PathPrefix(`/`)", [upstream.url], entrypoints=["web", "other"])
    return servers.traefik([route], name="holding", entrypoints=["other"])


@pytest.fixture
def agent(observe, traefik) -> Agent:
    return observe(traefik)


def in_flight(agent: Agent) -> tuple[float, float]:
    """On the entrypoint `web`, and at all servers."""
    metrics = agent.metrics()
    return metrics.value("mme_http_requests_in_flight", entrypoint="web"), metrics.counter(
        "mme_upstream_requests_in_flight"
    )


def test_as_many_as_are_held(agent, traefik, upstream):
    """None before, all while the upstream holds them, none once the last byte is here: without waiting."""
    assert in_flight(agent) == (0, 0)
    with contextlib.ExitStack() as clients:
        busy = [clients.enter_context(RawClient(traefik.port)) for _ in range(25)]
        others = [clients.enter_context(RawClient(traefik.ports["other"])) for _ in range(3)]
        for _ in range(20):
            clients.enter_context(RawClient(traefik.port))  # idle
        for n, client in enumerate(busy, 1):
            client.send(get("/held"))
            if n in (1, 10):
                upstream.wait_for(n)
                assert in_flight(agent) == (n, n)
        for client in others:
            client.send(get("/held"))
        upstream.wait_for(28)
        assert in_flight(agent) == (25, 28)
        metrics = agent.metrics()
        assert metrics.value("mme_http_requests_in_flight", entrypoint="other") == 3
        assert metrics.by("mme_upstream_requests_in_flight", "service", "url") == {
            ("mme-tagging@file", upstream.url): 28
        }
        upstream.let_go()
        for client in [*busy, *others]:
            assert client.response()[0] == 200
        assert in_flight(agent) == (0, 0)
        metrics = agent.metrics()
        assert metrics.value("mme_upstream_requests_in_flight", service="mme-tagging@file", url=upstream.url) == 0
        assert metrics.value("mme_http_requests_in_flight", entrypoint="other") == 0


def test_each_server_has_its_own(servers, observe):
    """One of them by IPv6, with Traefik on all addresses of the host."""
    with HoldingUpstream() as one, HoldingUpstream(host="::1") as two:
        traefik = servers.traefik([Route("PathPrefix(`/`)", [one.url, two.url])], name="two-servers", host="")
        agent = observe(traefik)
        with contextlib.ExitStack() as clients:
            busy = [clients.enter_context(RawClient(traefik.port)) for _ in range(11)]
            for client in busy:
                client.send(get("/held"))
            wait_until(lambda: one.held + two.held == 11)
            metrics = agent.metrics()
            assert metrics.value("mme_http_requests_in_flight", entrypoint="web") == 11
            assert metrics.by("mme_upstream_requests_in_flight", "url") == {
                (one.url,): one.held,
                (two.url,): two.held,
            }
            assert min(one.held, two.held) > 0
            one.let_go()
            two.let_go()
            for client in busy:
                assert client.response()[0] == 200
            assert in_flight(agent) == (0, 0)


def test_more_than_one_read_of_the_iterator_gives(agent, traefik, upstream):
    """The kernel hands over 1,024 busy connections at a time."""
    with contextlib.ExitStack() as clients:
        busy = [clients.enter_context(RawClient(traefik.port)) for _ in range(1100)]
        for client in busy:
            client.send(get("/held"))
        upstream.wait_for(1100)
        assert in_flight(agent) == (1100, 1100)
        upstream.let_go()
        for client in busy:
            assert client.response()[0] == 200
        assert in_flight(agent) == (0, 0)


def test_a_reply_that_has_begun(servers, observe):
    with HoldingUpstream(begun=len(REPLY) - 1) as upstream:
        traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="beginning")
        agent = observe(traefik)
        with RawClient(traefik.port) as client:
            for _ in range(2):
                client.send(get("/held"))
                upstream.wait_for(1)
                assert in_flight(agent) == (1, 1)
                upstream.let_go()
                assert client.response()[0] == 200
                assert in_flight(agent) == (0, 0)
                upstream.loop.call_soon_threadsafe(upstream.gate.clear)


def test_pipelined(agent, traefik, upstream):
    """Traefik takes them one by one."""
    with RawClient(traefik.port) as client:
        client.send(get("/held") * 7)
        upstream.wait_for(1)
        assert in_flight(agent) == (7, 1)
        upstream.let_go()
        for _ in range(7):
            assert client.response()[0] == 200
        assert in_flight(agent) == (0, 0)


def test_more_pipelined_than_are_kept(agent, traefik, upstream):
    """What had to make room is in no histogram; the replies after it find their requests, and nothing stays behind."""
    before = agent.metrics()
    with RawClient(traefik.port) as client:
        client.send(get("/held"))
        upstream.wait_for(1)
        sender = threading.Thread(target=client.send, args=(get("/") * 8000,))
        sender.start()
        wait_until(lambda: in_flight(agent)[0] > KEPT)
        upstream.let_go()
        for _ in range(8001):
            assert client.response()[0] == 200
        sender.join()
        assert in_flight(agent) == (0, 0)
        client.send(get("/"))
        assert client.response()[0] == 200
    added = agent.metrics() - before
    lost = added.counter("mme_agent_messages_skipped_total", protocol="http")
    assert 0 < lost < 4000
    assert added.counter("traefik_entrypoint_requests_total") + lost == 8002


def test_a_body_still_to_come(agent, traefik, upstream):
    with RawClient(traefik.port) as client:
        client.send(get("/held", method="POST", fields="Content-Length: 100\r\n"))
        upstream.wait_for(1)
        assert in_flight(agent) == (1, 1)
    wait_until(lambda: in_flight(agent) == (0, 0))


@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_leaves(agent, traefik, upstream, reset):
    """Traefik gives its request up, and so closes its own connection; another client's goes on."""
    with RawClient(traefik.port) as other:
        other.send(get("/held"))
        client = RawClient(traefik.port)
        client.send(get("/held"))
        upstream.wait_for(2)
        assert in_flight(agent) == (2, 2)
        if reset:
            client.reset()
        else:
            client.socket.close()
        wait_until(lambda: in_flight(agent) == (1, 1))
        upstream.let_go()
        assert other.response()[0] == 200
        assert in_flight(agent) == (0, 0)


def test_an_upgraded_session_is_none(servers, observe, stack):
    upstream = stack.upstream(name="upgrading")
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="upgraded")
    agent = observe(traefik)
    with RawClient(traefik.port) as client:
        client.send(get("/", fields="Connection: Upgrade\r\nUpgrade: websocket\r\n"))
        assert client.response()[0] == 101
        assert in_flight(agent) == (0, 0)
        client.send(get("/never") * 10)
        client.take(len(get("/never")) * 10)
        assert in_flight(agent) == (0, 0)


def test_connections_older_than_the_agent(servers, traefik, upstream):
    """A request that they bring once it is there counts; one that waits already was never seen."""
    with RawClient(traefik.port) as waiting, RawClient(traefik.port) as idle:
        waiting.send(get("/held"))
        upstream.wait_for(1)
        agent = servers.agent([traefik], name="late")
        assert in_flight(agent) == (0, 0)
        idle.send(get("/held"))
        upstream.wait_for(2)
        assert in_flight(agent) == (1, 1)
        upstream.let_go()
        assert waiting.response()[0] == idle.response()[0] == 200
        assert in_flight(agent) == (0, 0)


def test_a_kernel_without_btf(servers, traefik):
    """All else is as ever, and the status says what is not."""
    hidden = ("unshare", "--mount", "sh", "-ec", 'mount --bind /dev/null /sys/kernel/btf/vmlinux\nexec "$@"', "sh")
    agent = servers.agent([traefik], name="without-btf", prefix=hidden)
    assert "mme_http_requests_in_flight" not in agent.metrics().names()
    assert "mme_upstream_requests_in_flight" not in agent.metrics().names()
    assert agent.metrics().counter("mme_agent_target_up") == 1
    assert any("requests in flight are not counted: " in note and "BTF" in note for note in agent.status()["notes"])
