"""The generators' own counts against two other witnesses: the upstream, and Traefik's own metrics."""

import pytest

from mme_stack import Route, Stack
from mme_stack.fetch import wait_until
from mme_stack.load import h2load, hey, wrk


@pytest.fixture(scope="module")
def servers():
    with Stack() as stack:
        upstream = stack.upstream()
        yield upstream, stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True)


GENERATORS = {
    "hey": lambda url: hey(url, 2000, 20),
    "hey-close": lambda url: hey(url, 1000, 10, keepalive=False),
    "hey-post": lambda url: hey(url, 1000, 10, method="POST", body="x" * 100),
    "h2load": lambda url: h2load(url, 2003, 16),
    "h2load-pipelined": lambda url: h2load(url, 2000, 4, pipeline=8),
    "h2load-post": lambda url: h2load(url, 500, 4, body=b"y" * 3000),
    "wrk": lambda url: wrk(url, 20000, 64, threads=2),
    "wrk-close": lambda url: wrk(url, 3000, 8, keepalive=False),
    "wrk-put": lambda url: wrk(url, 1000, 8, method="PUT", body_bytes=777),
    "wrk-one": lambda url: wrk(url, 1, 1),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_exact_count(servers, name):
    upstream, traefik = servers
    metric = "traefik_entrypoint_requests_total"
    served, counted = upstream.count(), traefik.metrics()

    result = GENERATORS[name](f"{traefik.url}/?size=100&status=201")

    assert result.errors == 0
    assert result.statuses == {201: result.requests}
    now = upstream.count()["requests"]
    assert sum(now.values()) - sum(served["requests"].values()) == result.requests
    wait_until(
        lambda: (traefik.metrics() - counted).by(metric, "code", entrypoint="web") == {("201",): result.requests}
    )
