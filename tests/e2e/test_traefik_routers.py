"""Routers, services and the operator's routes, as Traefik itself counts them: twenty routers, ten services of two
servers each, middlewares that answer, servers that are gone, clients that leave."""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from lib.gateway import load_balancer, observed
from lib.oracle import assert_settled_accounting, skipped_messages
from lib.raw import RawClient, get
from mme_stack import Agent, Metrics, Traefik, Upstream
from mme_stack.agent import targets
from mme_stack.fetch import wait_until

FAMILIES = {
    "entrypoint": ("code", "method", "protocol", "entrypoint"),
    "router": ("code", "method", "protocol", "router", "service"),
    "service": ("code", "method", "protocol", "service"),
}
COUNTERS = ("requests_total", "requests_bytes_total", "responses_bytes_total")
REQUESTS = 100_000
CLIENTS = 12
PASSWORD = "dXNlcjpwYXNz"  # user:pass


@dataclass(frozen=True)
class Kind:
    """A request: where it goes, what it says, and how it ends."""

    path: str
    entrypoint: str = "web"
    method: str = "GET"
    host: str = "any.example"
    fields: str = ""
    body: bytes = b""
    leaves: str = ""  # "reset" or "close": without waiting for the reply

    def bytes(self) -> bytes:
        return get(self.path, method=self.method, fields=self.fields, body=self.body).replace(
            b"Host: x", f"Host: {self.host}".encode(), 1
        )


# Every rule of `web` is decided by method, host and path, every one of `asked` needs more of the head.
ROUTERS: dict[str, dict[str, Any]] = {
    "host": {"rule": "Host(`a.example`)", "service": "s0"},
    "host-and-prefix": {"rule": "Host(`b.example`) && PathPrefix(`/api`)", "service": "s1"},
    "prefix": {"rule": "PathPrefix(`/api`)", "service": "s2"},
    "longer-prefix": {"rule": "PathPrefix(`/api/v2`)", "service": "s3"},
    "path": {"rule": "Path(`/promote`)", "service": "s4"},
    "path-and-method": {"rule": "Path(`/promote`) && Method(`POST`)", "service": "s5"},
    "method": {"rule": "Method(`DELETE`)", "service": "s6"},
    "either": {"rule": "PathPrefix(`/static`) || PathPrefix(`/assets`)", "service": "s7"},
    "tenants": {"rule": "HostRegexp(`^t[0-9]+\\.example$`)", "service": "s8"},
    "tenant-one": {"rule": "Host(`t1.example`) && PathPrefix(`/x`) && !Path(`/x/y`)", "service": "s9"},
    "redirected": {"rule": "PathPrefix(`/old`)", "service": "s2", "middlewares": ["redirect"]},
    "private": {"rule": "PathPrefix(`/private`)", "service": "s3", "middlewares": ["auth"]},
    "limited": {"rule": "PathPrefix(`/limited`)", "service": "s4", "middlewares": ["limit"]},
    "stripped": {"rule": "PathPrefix(`/strip`)", "service": "s5", "middlewares": ["strip"]},
    "priority": {"rule": "PathPrefix(`/api/v2/first`)", "service": "s6", "priority": 1000},
    "users": {"rule": "PathRegexp(`^/users/[0-9]+$`)", "service": "s7", "entryPoints": ["asked"]},
    "canary": {"rule": "Header(`X-Canary`, `yes`)", "service": "s8", "entryPoints": ["asked"]},
    "debug": {"rule": "PathPrefix(`/q`) && Query(`debug`, `1`)", "service": "s9", "entryPoints": ["asked"]},
    "client": {"rule": "ClientIP(`127.0.0.9`)", "service": "s0", "entryPoints": ["asked"]},
    "rest": {"rule": "PathPrefix(`/`)", "service": "s1", "priority": 1, "entryPoints": ["asked"]},
}
MIDDLEWARES = {
    "redirect": {"redirectRegex": {"regex": "^(.*)/old(.*)", "replacement": "${1}/new${2}"}},
    "auth": {"basicAuth": {"users": ["user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ="]}},
    "limit": {"rateLimit": {"average": 1, "period": "1h", "burst": 5}},
    "strip": {"stripPrefix": {"prefixes": ["/strip"]}},
}
BODY = b"GET / HTTP/1.1\r\n\r\n" * 30
KINDS = [
    *[Kind(f"/api/{n}?size=100") for n in range(6)],
    *[Kind(f"/api/v2/{n}?size=10") for n in range(4)],
    *[Kind("/promote?echo=1", method="POST", body=BODY, fields=f"X-Tenant-ID: t{n}\r\n") for n in range(6)],
    *[Kind(f"/api/x?size={n}", host="b.example") for n in (0, 1, 3000)],
    *[Kind(f"/x/{n}", host=f"t{n}.example:8080") for n in range(5)],
    Kind("/promote"),
    Kind("/promote?status=500", method="POST"),
    Kind("/promote?status=503&size=7", method="POST"),
    Kind("/promote/deeper"),
    Kind("/?size=5", host="A.Example"),
    Kind("/api", host="a.example."),
    Kind("/api/v2/first"),
    Kind("/anything", method="DELETE"),
    Kind("/static/x?size=70000"),
    Kind("/assets/y?size=5000&chunk=900"),
    Kind("/static/z?size=10", method="HEAD"),
    Kind("/x/y", host="t1.example"),
    Kind("/unmatched"),
    Kind("/unmatched", method="POST"),
    Kind("/old/place"),
    Kind("/private"),
    Kind("/private", fields=f"Authorization: Basic {PASSWORD}\r\n"),
    Kind("/limited"),
    Kind("/strip/a?size=3"),
    Kind("/api/%61?size=3"),
    Kind("/%61pi/a?size=3"),
    Kind("/static/../promote?size=3"),
    Kind("//promote"),
    Kind("/api", method="PROPFIND"),
    Kind("/promote", method="PUT", fields="Transfer-Encoding: chunked\r\n", body=b"5\r\nhello\r\n0\r\n\r\n"),
    Kind("/static/events?size=300&chunk=100", fields="Accept: text/event-stream\r\n"),
    Kind("/users/17", "asked"),
    Kind("/users/x", "asked"),
    Kind("/a", "asked", fields="X-Canary: yes\r\n"),
    Kind("/a", "asked", fields="X-Canary: no\r\n"),
    Kind("/q?debug=1", "asked"),
    Kind("/q?debug=0", "asked"),
    Kind("/q?debug=1", "asked", fields=f"Cookie: {'c' * 6000}\r\n"),
]
# The reply is long after the client has left, also where Traefik hears of that late.
LEAVING = [Kind("/api/slow?delay=5s", leaves="reset"), Kind("/promote?delay=5s", method="POST", leaves="close")]


def dynamic(upstream: Upstream, **services: Any) -> dict[str, Any]:
    servers = [[f"http://127.0.1.{2 * n + i}:{upstream.port}" for i in (1, 2)] for n in range(10)]
    balancers = {f"s{n}": load_balancer(*urls) for n, urls in enumerate(servers)}
    routers = {name: {"entryPoints": ["web"], **router} for name, router in ROUTERS.items()}
    return {"http": {"routers": routers, "services": {**balancers, **services}, "middlewares": MIDDLEWARES}}


@pytest.fixture(scope="module")
def everywhere(stack) -> Upstream:
    """One process, a server on each address of 127.0.0.0/8."""
    return stack.upstream(name="everywhere", host="0.0.0.0")


@pytest.fixture(scope="module")
def gateway(stack, everywhere) -> Traefik:
    traefik = stack.traefik([], oracle=True, name="routers", entrypoints=["asked"], dynamic=dynamic(everywhere))
    with RawClient(traefik.port) as client:
        wait_until(lambda: (client.send(get("/api")), client.response()[0])[1] == 200)
    return traefik


def tables(metrics: Metrics, what: str) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        family: {k: v for k, v in metrics.by(f"traefik_{family}_{what}", *labels).items() if "metrics" not in k}
        for family, labels in FAMILIES.items()
    }


def differences(ours: Metrics, theirs: Metrics) -> list[str]:
    found = []
    for what in COUNTERS:
        mine, oracle = tables(ours, what), tables(theirs, what)
        for family in FAMILIES:
            for key in sorted({*mine[family], *oracle[family]}):
                counted, expected = mine[family].get(key, 0), oracle[family].get(key, 0)
                if counted != expected:
                    found.append(f"{family} {what} {key}: {counted}, Traefik: {expected}")
    return found


class Compared:
    """What both add from here on."""

    def __init__(self, agent: Agent, traefik: Traefik) -> None:
        self.agent, self.traefik = agent, traefik
        self.before, self.oracle = agent.metrics(), traefik.metrics()

    def added(self) -> tuple[Metrics, Metrics]:
        return self.agent.metrics() - self.before, self.traefik.metrics() - self.oracle

    def assert_equal(self, settle: float = 20) -> Metrics:
        with suppress(AssertionError, TimeoutError):
            wait_until(lambda: not differences(*self.added()), settle)
        ours, theirs = self.added()
        found = differences(ours, theirs)
        assert not found, "\n".join([*found, f"skipped: {skipped_messages(ours)}"])
        return ours


def play(traefik: Traefik, kinds: Iterator[Kind], statuses: Counter[int]) -> None:
    """One client: a connection for each entrypoint, a new one after each time that it left."""
    connections: dict[str, RawClient] = {}
    try:
        for kind in kinds:
            client = connections.get(kind.entrypoint) or RawClient(traefik.ports[kind.entrypoint])
            connections[kind.entrypoint] = client
            client.send(kind.bytes())
            if not kind.leaves:
                statuses[client.response(bodiless=kind.method == "HEAD")[0]] += 1
                continue
            time.sleep(0.03)
            if kind.leaves == "reset":
                client.reset()
            else:
                client.socket.close()
            del connections[kind.entrypoint]
    finally:
        for client in connections.values():
            client.socket.close()


def play_all(traefik: Traefik, kinds: list[Kind]) -> Counter[int]:
    parts = [kinds[n::CLIENTS] for n in range(CLIENTS)]
    results: list[Counter[int]] = [Counter() for _ in parts]
    threads = [
        threading.Thread(target=play, args=(traefik, iter(part), result))
        for part, result in zip(parts, results, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(results, Counter())


def test_as_traefik_counts_them(observe, gateway):
    agent = observed(observe, gateway)
    chosen = random.Random(4)
    kinds = [chosen.choice(LEAVING if n % 100 == 0 else KINDS) for n in range(REQUESTS)]
    compared = Compared(agent, gateway)
    statuses = play_all(gateway, kinds)
    assert sum(statuses.values()) == sum(not kind.leaves for kind in kinds)
    assert {200, 301, 302, 401, 404, 429, 500, 503} & statuses.keys() >= {200, 401, 404, 429, 500, 503}
    ours = compared.assert_equal()
    routers = {router for (router,) in ours.by("traefik_router_requests_total", "router")}
    assert routers == {f"{name}@file" for name in ROUTERS} - {"client@file"}
    assert not ours.counter("mme_agent_events_lost_total")
    assert_settled_accounting(agent)


def test_the_client_s_address(observe, gateway):
    agent = observed(observe, gateway)
    compared = Compared(agent, gateway)
    with socket.create_connection(("127.0.0.1", gateway.ports["asked"]), source_address=("127.0.0.9", 0)) as client:
        client.sendall(get("/a", fields="Connection: close\r\n"))
        while client.recv(4096):
            pass
    ours = compared.assert_equal()
    assert ours.counter("traefik_router_requests_total", router="client@file", service="s0@file") == 1


def test_the_operator_s_routes(observe, gateway):
    config = targets([gateway])
    routes = [
        {"name": "promote", "method": "POST", "path": "/promote"},
        {"name": "user", "path": "/users/{id}"},
        {"name": "assets", "prefix": "/assets/"},
    ]
    agent = observe(config={"targets": config, "routes": routes, "compat": {"traefik": "on"}})
    wait_until(lambda: agent.status()["targets"][0]["names"])
    before = agent.metrics()
    kinds = [
        *[Kind("/promote", method="POST")] * 10,
        Kind("/promote"),
        *[Kind(f"/users/{n}", "asked") for n in range(7)],
        Kind("/users/1/more", "asked"),
        Kind("/users/", "asked"),
        *[Kind(f"/assets/{n}") for n in range(5)],
    ]
    play_all(gateway, kinds)
    added = (agent.metrics() - before).by("mme_route_requests_total", "route", "service", "method", "code")
    assert added == {
        ("promote", "s5@file", "POST", "200"): 10,
        ("user", "s7@file", "GET", "200"): 7,
        ("assets", "s7@file", "GET", "200"): 5,
    }


def test_a_server_that_is_gone(servers, observe):
    """Refused connections: 502 of the router and the service, though nobody answered."""
    lonely = servers.upstream(name="lonely")
    rule = {"rule": "PathPrefix(`/`)", "service": "mme-tagging", "entryPoints": ["web"]}
    http = {"routers": {"mme": rule}, "services": {"mme-tagging": load_balancer(lonely.url)}}
    traefik = servers.traefik([], oracle=True, name="gone", dynamic={"http": http})
    with RawClient(traefik.port) as client:
        wait_until(lambda: (client.send(get("/")), client.response()[0])[1] == 200)
    agent = observed(observe, traefik)
    compared = Compared(agent, traefik)
    play_all(traefik, [Kind("/promote", method="POST")] * 24)
    lonely.stop()
    play_all(traefik, [Kind("/promote", method="POST")] * 60)
    ours = compared.assert_equal()
    failed = {"service": "mme-tagging@file", "method": "POST", "code": "502"}
    assert ours.counter("traefik_service_requests_total", **failed) == 60
    assert ours.buckets("traefik_service_request_duration_seconds", **failed)[float("inf")] == 60
    server = {"service": "mme-tagging@file", "url": lonely.url}
    # a request on a connection that had just ended was not the reason of an attempt to connect
    assert 60 - CLIENTS <= ours.counter("mme_upstream_connect_failures_total", reason="refused", **server) <= 60
    assert agent.metrics().value("traefik_service_server_up", **server) == 0
    lonely.start()
    play_all(traefik, [Kind("/promote", method="POST")] * 5)
    assert agent.metrics().value("traefik_service_server_up", **server) == 1
    connects = (agent.metrics() - compared.before).buckets("mme_upstream_connect_duration_seconds", **server)
    assert 1 <= connects[float("inf")] <= 30


def test_one_replica_of_two_is_gone(servers, observe):
    one, other = servers.upstream(name="one"), servers.upstream(name="other")
    rule = {"rule": "PathPrefix(`/`)", "service": "pair", "entryPoints": ["web"], "middlewares": ["again"]}
    middlewares = {"again": {"retry": {"attempts": 3}}}
    http = {
        "routers": {"mme": rule},
        "services": {"pair": load_balancer(one.url, other.url)},
        "middlewares": middlewares,
    }
    traefik = servers.traefik([], name="pair", dynamic={"http": http})
    with RawClient(traefik.port) as client:
        wait_until(lambda: (client.send(get("/")), client.response()[0])[1] == 200)
    agent = observed(observe, traefik)
    before = agent.metrics()
    one.stop()
    statuses = play_all(traefik, [Kind("/")] * 48)
    assert statuses[200] >= 40  # the others were on connections that ended
    after = agent.metrics()
    added = after - before
    assert after.value("traefik_service_server_up", service="pair@file", url=one.url) == 0
    assert added.counter("mme_upstream_connect_failures_total", url=one.url, reason="refused") >= 12
    assert not added.counter("mme_upstream_connect_failures_total", url=other.url)
    assert added.counter("mme_upstream_requests_total", url=other.url, code="200") == statuses[200]
    assert added.counter("traefik_service_requests_total", service="pair@file", code="200") == statuses[200]


def test_time_to_first_byte(observe, gateway):
    """A reply in pieces begins long before it ends; one in a segment begins when it ends."""
    agent = observed(observe, gateway)
    before = agent.metrics()
    play_all(gateway, [Kind("/api?size=300&chunk=100&chunk_delay=1500ms"), Kind("/api?delay=2s")] * 4)
    added = agent.metrics() - before
    for name in ("mme_http_time_to_first_byte_seconds", "mme_upstream_time_to_first_byte_seconds"):
        labels = {"entrypoint": "web"} if "http" in name else {"service": "s2@file"}
        buckets = added.buckets(name, **labels)
        assert (buckets[1.2], buckets[5.0], buckets[float("inf")]) == (4, 8, 8), name
        assert added.counter(f"{name}_sum", **labels) < 4 * 1.2 + 4 * 5
    ended = added.buckets("traefik_entrypoint_request_duration_seconds", entrypoint="web")
    assert (ended[1.2], ended[2.5], ended[float("inf")]) == (0, 4, 8)


HEALTH_CHECK = {"path": "/", "interval": "2s", "timeout": "1900ms"}
OF_SERVICES = {
    "weighted": {"weighted": {"services": [{"name": "mme", "weight": 1}, {"name": "canary", "weight": 1}]}},
    "mirroring": {"mirroring": {"service": "mme", "mirrors": [{"name": "canary", "percent": 100}]}},
    "failover": {"failover": {"service": "mme", "fallback": "canary"}},
}


@pytest.mark.parametrize("kind", OF_SERVICES)
def test_servers_that_are_gone_behind_a_service_of_services(kind, servers, observe):
    """502 and 499 are of the load balancer that Traefik chose. What a mirror answers, nobody is told."""
    mme, canary = servers.upstream(name="mme-server"), servers.upstream(name="canary-server")
    services = {
        "mme": load_balancer(mme.url, **({"healthCheck": HEALTH_CHECK} if kind == "failover" else {})),
        "canary": load_balancer(canary.url),
        "all": OF_SERVICES[kind],
    }
    routers = {"mme": {"rule": "PathPrefix(`/`)", "service": "all", "entryPoints": ["web"]}}
    traefik = servers.traefik([], oracle=True, name=kind, dynamic={"http": {"routers": routers, "services": services}})
    with RawClient(traefik.port) as client:
        for _ in range(4):
            wait_until(lambda: (client.send(get("/")), client.response()[0])[1] == 200)
    agent = observed(observe, traefik)

    def by_service(metrics: Metrics) -> dict[tuple[str, ...], float]:
        counts = metrics.by("traefik_service_requests_total", "service", "code", "method")
        return {k: v for k, v in counts.items() if kind != "mirroring" or k[0] == "mme@file"}

    def promote_all() -> None:
        play_all(traefik, [Kind("/promote", method="POST", body=b"x")] * 48)

    def leave_all() -> None:
        """Once the requests have reached a server: of one that is given up before, nobody sees whose it was to be."""
        asked = (mme, canary) if kind == "weighted" else (mme,)

        def arrived() -> int:
            return sum(server.count()["requests"].get("POST", 0) for server in asked)

        before = arrived()
        with ExitStack() as clients:
            leaving = [clients.enter_context(RawClient(traefik.port)) for _ in range(12)]
            for client in leaving:
                client.send(Kind("/promote?delay=30s", method="POST").bytes())
            wait_until(lambda: arrived() == before + 12)
            for client in leaving:
                client.reset()

    def assert_equal_after(play: Callable[[], None], moved: int = 0) -> dict[tuple[str, ...], float]:
        """`moved`: requests that may be the other service's, where both are left in the same moment."""
        compared = Compared(agent, traefik)
        play()

        def agree() -> bool:
            ours, theirs = map(by_service, compared.added())
            return ours == theirs != {}

        with suppress(AssertionError):
            wait_until(agree, 10)
        ours, theirs = map(by_service, compared.added())
        assert ours
        assert sum(ours.values()) == sum(theirs.values())
        assert all(abs(ours.get(k, 0) - theirs.get(k, 0)) <= moved for k in ours.keys() | theirs.keys()), (ours, theirs)
        return ours

    assert_equal_after(promote_all)
    assert agent.metrics().value("traefik_service_server_up", service="mme@file", url=mme.url) == 1
    left = assert_equal_after(leave_all, moved=kind == "weighted")
    assert abs(left["mme@file", "499", "POST"] - (6 if kind == "weighted" else 12)) <= (kind == "weighted")
    mme.stop()
    failed = assert_equal_after(promote_all)
    if kind == "failover":
        wait_until(lambda: agent.metrics().value("traefik_service_server_up", service="mme@file", url=mme.url) == 0)
    else:
        assert failed["mme@file", "502", "POST"] >= 24
    canary.stop()
    failed = assert_equal_after(promote_all)
    assert sum(count for (_, code, _), count in failed.items() if code == "502") == 48
