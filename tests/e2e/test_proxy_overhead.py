"""What Traefik itself needs for a request: the entrypoint's duration less the server's, of the same request."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from lib.gateway import load_balancer
from lib.raw import RawClient, get
from mme_stack import Agent, Metrics, Traefik
from mme_stack.fetch import wait_until
from mme_stack.load import hey, wrk

OVERHEAD = "mme_proxy_overhead_seconds"
AMBIGUOUS = "mme_proxy_overhead_ambiguous_total"
SETTLED_S = 4  # more than the agent waits for other requests to end
SLOW = "delay=1500ms"  # and Traefik needs some milliseconds, on a busy machine less than FAST_S all the same
FAST_S = 1.0  # a bound of the histogram
LEGS_PER_SECOND = 2000  # of more it takes samples


def named(agent: Agent, traefik: Traefik) -> Agent:
    """Once it knows the router's name, and every earlier request is joined."""

    def joined() -> bool:
        with RawClient(traefik.port) as client:
            client.send(get("/"))
            client.response()
        return sum(agent.metrics().by(f"{OVERHEAD}_count", "router").values()) > 0

    wait_until(joined)
    return agent


@pytest.fixture
def agent(observe, traefik):
    return named(observe(traefik), traefik)


def joined(agent: Agent, before: Metrics, requests: int) -> Metrics:
    """What was counted since, once all the requests are: joined or ambiguous."""

    def since() -> Metrics:
        return agent.metrics() - before

    def settled() -> bool:
        now = since()
        return now.counter(f"{OVERHEAD}_count") >= requests

    wait_until(settled)
    return since()


def assert_sum_is_the_difference(now: Metrics) -> None:
    entrypoint = now.counter("traefik_entrypoint_request_duration_seconds_sum", entrypoint="web")
    server = now.counter("mme_upstream_request_duration_seconds_sum")
    assert now.counter(f"{OVERHEAD}_sum") == pytest.approx(entrypoint - server, abs=1e-6)


def test_one_after_another_all_are_joined(agent, traefik):
    before = agent.metrics()
    assert hey(f"{traefik.url}/?delay=1ms", 300, 1).requests == 300
    now = joined(agent, before, 300)
    assert now.by(f"{OVERHEAD}_count", "router", "service") == {("mme@file", "mme-tagging@file"): 300}
    assert now.counter(AMBIGUOUS) == 0
    assert_sum_is_the_difference(now)


def test_requests_of_many_durations_at_once_never_take_each_others_legs(agent, traefik):
    """One that took another one's leg would be off by the difference of the two delays, a second and a half."""
    before = agent.metrics()
    loads = [(10, 1500, 5), (1500, 60, 20), (3000, 60, 20)]  # so few that no sample is taken of them
    threads = [threading.Thread(target=hey, args=(f"{traefik.url}/?delay={ms}ms", n, c)) for ms, n, c in loads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = joined(agent, before, 1620)
    count = now.counter(f"{OVERHEAD}_count")
    print("joined:", count, "ambiguous:", now.counter(AMBIGUOUS), now.buckets(OVERHEAD))
    assert count == now.buckets(OVERHEAD)[FAST_S] == 1620
    assert now.counter(AMBIGUOUS) < 0.9 * count  # of those next to a bound of the histogram, by how fast Traefik is
    assert_sum_is_the_difference(now)


def test_of_a_busy_router_it_is_a_sample(agent, traefik):
    before = agent.metrics()
    made = wrk(f"{traefik.url}/", 30000, 32)
    assert made.statuses == {200: 30000}
    now = agent.metrics() - before
    count, ambiguous = now.counter(f"{OVERHEAD}_count"), now.counter(AMBIGUOUS)
    print("joined:", count, "ambiguous:", ambiguous, "rate:", 30000 / made.seconds, now.buckets(OVERHEAD))
    assert 100 < count <= 30000
    if 2 * made.requests / made.seconds > 2 * LEGS_PER_SECOND:
        assert count < 30000
    assert now.counter("mme_agent_events_lost_total") == 0


def test_what_reaches_no_server_has_none(observe, servers, upstream):
    middlewares = {"auth": {"basicAuth": {"users": ["user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ="]}}}
    routers = {
        "private": {"rule": "Path(`/private`)", "service": "here", "middlewares": ["auth"]},
        "gone": {"rule": "Path(`/gone`)", "service": "gone"},
        "here": {"rule": "Path(`/`)", "service": "here"},
    }
    services = {"here": [upstream.url], "gone": ["http://127.0.0.1:1"]}
    balancers = {name: load_balancer(*urls) for name, urls in services.items()}
    http: dict[str, Any] = {"routers": routers, "services": balancers, "middlewares": middlewares}
    traefik = servers.traefik([], name="overhead", dynamic={"http": http})
    agent = named(observe(traefik), traefik)
    before = agent.metrics()
    for path, status in {"/private": 401, "/gone": 502, "/nowhere": 404, "/": 200}.items():
        assert hey(f"{traefik.url}{path}", 20, 4).statuses == {status: 20}
    now = joined(agent, before, 20)
    assert now.by(f"{OVERHEAD}_count", "router") == {("here@file",): 20}


@pytest.fixture
def asking_twice(observe, servers) -> tuple[Agent, Traefik]:
    """Routers by whose middlewares and services one request has several upstream legs."""
    here, copy = servers.upstream(name="here", host="0.0.0.0"), servers.upstream(name="copy")
    url = f"http://127.0.9.1:{here.port}"
    errors = {"status": ["404", "500"], "query": "/?size=7", "statusRewrites": {"404": 200, "500": 200}}
    middlewares = {
        "same": {"errors": {**errors, "service": "plain"}},
        "other": {"errors": {**errors, "service": "sharing"}},
        "auth": {"forwardAuth": {"address": f"{url}/?delay=5ms"}},
        "slow-auth": {"forwardAuth": {"address": f"{url}/?{SLOW}"}},
        "again": {"buffering": {"retryExpression": "ResponseCode() == 503 && Attempts() <= 2"}},
    }
    services = {
        "plain": load_balancer(url),
        "sharing": load_balancer(url),
        "main": load_balancer(f"http://127.0.9.2:{here.port}"),
        "copy": load_balancer(copy.url),
        "mirrored": {"mirroring": {"service": "main", "mirrors": [{"name": "copy", "percent": 100}]}},
        "weighted": {"weighted": {"services": [{"name": "mirrored", "weight": 1}]}},
    }
    routers = {name: {"rule": f"PathPrefix(`/{name}/`)", "service": name} for name in ("plain", "mirrored", "weighted")}
    for name in middlewares:
        routers[name] = {"rule": f"PathPrefix(`/{name}/`)", "service": "plain", "middlewares": [name]}
    routers["all"] = {"rule": "PathPrefix(`/`)", "service": "plain"}
    http = {"routers": routers, "services": services, "middlewares": middlewares}
    traefik = servers.traefik([], name="twice", dynamic={"http": http})
    return named(observe(traefik), traefik), traefik


def ask(agent: Agent, traefik: Traefik, target: str, requests: int, at_once: int = 1) -> Metrics:
    """What was counted of them by the router of the target, once it is decided for each."""
    before = agent.metrics()
    assert hey(f"{traefik.url}{target}", requests, at_once).requests == requests
    router = f"{target.split('/')[1]}@file"

    def decided() -> bool:
        now = agent.metrics() - before
        count, ambiguous = (now.counter(name, router=router) for name in (f"{OVERHEAD}_count", AMBIGUOUS))
        return count + ambiguous >= requests

    wait_until(decided)
    return agent.metrics() - before


@pytest.mark.parametrize(
    "target",
    [
        f"/same/?{SLOW}&status=500",
        f"/other/?{SLOW}&status=404",
        f"/auth/?{SLOW}",
        "/slow-auth/?delay=1ms",
        "/again/?delay=100ms&status=503",
    ],
)
def test_what_needs_several_answers_of_one_server_is_ambiguous(asking_twice, target):
    now = ask(*asking_twice, target, 10)
    assert now.counter(f"{OVERHEAD}_count") == 0
    assert now.counter(AMBIGUOUS) == 10


@pytest.mark.parametrize("router", ["mirrored", "weighted"])
def test_a_mirrors_answer_is_not_the_requests(asking_twice, router):
    now = ask(*asking_twice, f"/{router}/?{SLOW}", 10)
    assert now.counter(f"{OVERHEAD}_count", router=f"{router}@file") == now.buckets(OVERHEAD)[FAST_S] == 10
    assert now.counter(AMBIGUOUS) == 0


@contextmanager
def leaving(traefik: Traefik, target: str) -> Iterator[None]:
    """Clients that reset their connections when the reply has begun."""
    stopped = threading.Event()

    def leave() -> None:
        while not stopped.wait(0.02):
            client = RawClient(traefik.port)
            client.send(get(target))
            with suppress(OSError):
                client.socket.recv(100)
            client.reset()

    threads = [threading.Thread(target=leave) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    stopped.set()
    for thread in threads:
        thread.join()


def test_clients_that_leave_leave_no_legs_to_others(asking_twice):
    agent, traefik = asking_twice
    before = agent.metrics()
    with leaving(traefik, "/plain/?size=20000"):
        assert hey(f"{traefik.url}/plain/?{SLOW}", 40, 4).statuses == {200: 40}
    time.sleep(SETTLED_S)

    def decided() -> bool:
        now = agent.metrics() - before
        return sum(now.counter(name, router="plain@file") for name in (f"{OVERHEAD}_count", AMBIGUOUS)) >= 40

    wait_until(decided)
    now = agent.metrics() - before
    count = now.counter(f"{OVERHEAD}_count", router="plain@file")
    print("joined:", count, "ambiguous:", now.counter(AMBIGUOUS, router="plain@file"))
    assert count == now.buckets(OVERHEAD)[FAST_S]
