"""As many requests as Traefik itself counts, per code, method and protocol: 200,000 at full speed, difference 0."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import pytest

from lib.oracle import agree_but_for_request_bodies, measured, skipped_bytes
from lib.raw import RawClient, get
from mme_stack.load import LoadResult, h2load, hey, wrk
from mme_stack.network import steered_loopback

Load = Callable[[str], LoadResult]

# 100,000 on plain loopback and as many again with packets handed from one CPU to another.
LOADS: dict[str, tuple[int, str, Load]] = {
    "wrk-1": (6_000, "/?size=100", partial(wrk, requests=6_000, connections=1)),
    "wrk-64": (36_000, "/?size=100", partial(wrk, requests=36_000, connections=64, threads=2)),
    "wrk-256": (20_000, "/?size=100", partial(wrk, requests=20_000, connections=256, threads=2)),
    "wrk-close-16": (4_000, "/?size=10", partial(wrk, requests=4_000, connections=16, keepalive=False)),
    "hey-close-64": (8_000, "/?size=100", partial(hey, requests=8_000, connections=64, keepalive=False)),
    "hey-post-32": (8_000, "/?echo=1", partial(hey, requests=8_000, connections=32, method="POST", body="x" * 900)),
    "h2load-chunked-256": (6_144, "/?size=1500&chunk=500", partial(h2load, requests=6_144, connections=256)),
    "h2load-16": (11_856, "/?size=2000", partial(h2load, requests=11_856, connections=16)),
}


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


@pytest.mark.parametrize("steering", [False, True], ids=["plain", "steered"])
@pytest.mark.parametrize("name", LOADS)
def test_full_speed(agent, traefik, name, steering):
    requests, path, load = LOADS[name]
    with steered_loopback() if steering else nullcontext(), measured(agent, traefik) as m:
        made = load(traefik.url + path)
    assert (made.requests, made.errors) == (requests, 0)
    m.assert_equal(requests)
    assert sum(m.upstream().values()) == requests


def test_the_loads_are_200_000_requests():
    assert 2 * sum(n for n, _, _ in LOADS.values()) == 200_000


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("status", [200, 201, 204, 304, 404, 500, 503])
def test_methods_and_codes(agent, traefik, method, status):
    times = 5
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        for _ in range(times):
            client.send(get(f"/?status={status}&size=30", method=method))
            assert client.response(bodiless=method == "HEAD")[0] == status
    m.assert_equal(times)
    label = method if method != "PROPFIND" else "EXTENSION_METHOD"
    assert m.counted() == {(str(status), label, "http"): times}
    assert m.upstream() == m.counted()


def test_no_router_matches(servers, observe):
    """A 404 of Traefik's own: on the entrypoint, and nothing upstream. Without an upstream leg every byte of the
    client is a byte seen, which checks the account against another source."""
    traefik = servers.traefik([], oracle=True, name="no-routes")
    agent = observe(traefik)
    before = agent.metrics()
    with RawClient(traefik.port) as client:
        for _ in range(100):
            client.send(get("/nowhere", fields="X: GET / HTTP/1.1\r\n"))
            assert client.response()[0] == 404
        added = agent.metrics() - before
    seen = added.value("mme_agent_bytes_seen_total", protocol="http")
    assert seen - skipped_bytes(added).get("duplicate", 0) == client.sent + client.received
    assert added.by("traefik_entrypoint_requests_total", "code", "entrypoint") == {("404", "web"): 100}
    assert added.by("mme_upstream_requests_total", "code") == {}


def test_answered_long_before_the_body_has_arrived(servers, observe):
    """A refused upload: the answer comes after the first of many bytes, and Traefik closes."""
    traefik = servers.traefik([], oracle=True, name="no-routes")
    agent = observe(traefik)
    with measured(agent, traefik, until=agree_but_for_request_bodies) as m, RawClient(traefik.port) as client:
        client.send(get("/nowhere", method="POST", fields="Content-Length: 100000000\r\n") + b"x" * 1000)
        assert client.response()[0] == 404
    assert m.counted() == m.expected() == {("404", "POST", "http"): 1}
    assert m.counted("responses_bytes_total") == m.expected("responses_bytes_total")
