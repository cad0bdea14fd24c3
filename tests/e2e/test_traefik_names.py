"""Names that the agent's configuration does not give: from Traefik's files, and its API, followed as they change."""

import itertools
from contextlib import suppress
from typing import Any

import pytest

from lib.gateway import load_balancer, unnamed
from lib.oracle import LEG
from mme_stack import Agent, Metrics, Route, Traefik
from mme_stack.fetch import request, wait_until

SERVICE = "traefik_service"
LABELS = ("service", "code", "method", "protocol")
FOLLOWED = 20  # seconds: it looks every two, on a busy machine less often
SHARED = ("ambiguous", "tagging@file", "memories@file")


@pytest.fixture
def other_upstream(servers):
    return servers.upstream(name="other-upstream")


def learnt(agent: Agent) -> dict[str, str]:
    return {n["of"]: n["name"] for t in agent.status()["targets"] for n in t["names"]}


def sources(agent: Agent) -> dict[str, str]:
    return {n["name"]: n["source"] for t in agent.status()["targets"] for n in t["names"]}


def send(traefik: Traefik, path: str, times: int, **kwargs: Any) -> None:
    for _ in range(times):
        assert request(f"{traefik.url}{path}", **kwargs)[0] in (200, 201)


def by_service(metrics: Metrics, what: str = "requests_total") -> dict[tuple[str, ...], float]:
    return metrics.by(f"{SERVICE}_{what}", *LABELS)


def settled(agent: Agent, traefik: Traefik, before: Metrics, oracle: Metrics) -> tuple[Metrics, Metrics]:
    """What both added, once their numbers of requests agree or ten seconds have passed."""

    def added() -> tuple[Metrics, Metrics]:
        return agent.metrics() - before, traefik.metrics() - oracle

    def agree() -> bool:
        ours, theirs = added()
        return by_service(ours) == by_service(theirs) != {}

    with suppress(AssertionError):
        wait_until(agree, 10)
    return added()


def test_services_as_traefik_counts_them(servers, observe, upstream, other_upstream):
    routes = [
        Route("PathPrefix(`/a`)", [upstream.url], router="a", service="tagging"),
        Route("PathPrefix(`/b`)", [other_upstream.url], router="b", service="memories"),
    ]
    traefik = servers.traefik(routes, oracle=True, name="named")
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: {"tagging@file", "memories@file"} <= set(learnt(agent).values()))
    names = learnt(agent)
    assert names[f":{traefik.port}"] == "web"
    assert names[upstream.url.removeprefix("http://")] == "tagging@file"
    assert sources(agent)["memories@file"].startswith(f"file {traefik.dynamic_file}:")
    assert sources(agent)["web"].startswith(f"static {traefik.static_file}:")

    before, oracle = agent.metrics(), traefik.metrics()
    send(traefik, "/a?size=100", 20)
    send(traefik, "/b?size=7&status=201", 30)
    ours, theirs = settled(agent, traefik, before, oracle)
    assert by_service(ours) == by_service(theirs) != {}
    for what in ("requests_bytes_total", "responses_bytes_total"):
        assert by_service(ours, what) == by_service(theirs, what)
    assert ours.by(f"{LEG}_requests_total", "code", entrypoint="web") == {("200",): 20, ("201",): 30}
    assert ours.counter("mme_upstream_requests_total", service="tagging@file", url=upstream.url) == 20


def test_two_services_of_one_server_are_told_apart_where_nothing_else_answers(servers, observe, upstream):
    """Router a has a middleware, loses it, has it again: counts go on from where they are, under the rules in force."""

    nobody = "127.0.0.1:1"  # refuses; the server of a service that tells one generation of rules from the next

    def dynamic(*middlewares: str) -> dict[str, Any]:
        generation = f"generation-{next(generations)}"
        routers = {
            generation: {"rule": f"Path(`/{generation}`)", "service": generation},
            "a": {"rule": "PathPrefix(`/a`)", "service": "tagging", "middlewares": list(middlewares)},
            "b": {"rule": "PathPrefix(`/b`)", "service": "memories"},
        }
        balancer = {"loadBalancer": {"servers": [{"url": upstream.url}]}}
        headers = {"headers": {"customResponseHeaders": {"X-Seen": "yes"}}}
        services = {"tagging": balancer, "memories": balancer, generation: load_balancer(f"http://{nobody}")}
        return {"http": {"routers": routers, "services": services, "middlewares": {"headers": headers}}}

    def reload(*middlewares: str) -> None:
        traefik.dynamic = dynamic(*middlewares)
        traefik.write_routes()
        wait_followed()

    def wait_followed() -> None:
        (generation,) = (s for s in traefik.dynamic["http"]["services"] if s.startswith("generation"))
        wait_until(lambda: request(f"{traefik.url}/{generation}")[0] == 502, FOLLOWED)
        wait_until(lambda: learnt(agent).get(nobody) == f"{generation}@file", FOLLOWED)

    def counts() -> list[float]:
        added = agent.metrics() - before
        return [added.counter(f"{SERVICE}_requests_total", service=s) for s in SHARED]

    generations = itertools.count()
    traefik = servers.traefik([], oracle=True, name="shared", dynamic=dynamic("headers"))
    agent = observe(config=unnamed(traefik))
    wait_followed()
    assert "ambiguous" in learnt(agent).values()
    before = agent.metrics()
    send(traefik, "/a", 5)
    assert counts() == [5, 0, 0]
    reload()
    send(traefik, "/a", 4)
    send(traefik, "/b", 3)
    assert counts() == [5, 4, 3]
    reload("headers")
    send(traefik, "/a", 2)
    assert counts() == [7, 4, 3]


def test_a_renamed_service_keeps_its_counts(servers, observe, upstream):
    route = Route("PathPrefix(`/`)", [upstream.url], service="old")
    traefik = servers.traefik([route], oracle=True, name="renamed")
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: "old@file" in learnt(agent).values())
    before = agent.metrics()
    send(traefik, "/", 10)
    traefik.set_routes([Route("PathPrefix(`/`)", [upstream.url], service="new")])
    wait_until(lambda: "new@file" in learnt(agent).values(), timeout=FOLLOWED)
    asked = (agent.metrics() - before).counter(f"{SERVICE}_requests_total", service="old@file")
    assert asked >= 10  # Traefik's readiness asked too
    send(traefik, "/", 15)
    added = agent.metrics() - before
    assert added.counter(f"{SERVICE}_requests_total", service="old@file") == asked
    assert added.counter(f"{SERVICE}_requests_total", service="new@file") == 15
    window = [g for g in agent.status()["groups"] if g["kind"] == "upstream"]
    assert sum(g["window"]["requests"] for g in window) <= asked + 15  # nothing is counted anew


def test_connects_keep_the_name_of_their_time(servers, observe):
    own = servers.upstream(name="renamed-upstream")
    traefik = servers.traefik([Route("PathPrefix(`/`)", [own.url], service="old")], name="connects")
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: "old@file" in learnt(agent).values())
    own.stop()
    for _ in range(7):
        assert request(f"{traefik.url}/")[0] == 502
    failed = "mme_upstream_connect_failures_total"
    before = agent.metrics()
    refused = before.counter(failed, service="old@file", reason="refused")
    assert 5 <= refused <= 7
    own.start()
    traefik.set_routes([Route("PathPrefix(`/`)", [own.url], service="new")])
    wait_until(lambda: "new@file" in learnt(agent).values(), timeout=FOLLOWED)
    send(traefik, "/", 3)
    after = agent.metrics()
    assert after.counter(failed, service="old@file", reason="refused") == refused
    assert after.counter(failed, service="new@file", reason="refused") == 0
    assert after.value("traefik_service_server_up", service="new@file", url=own.url) == 1
    assert all(
        value >= before.samples[key]
        for key, value in after.samples.items()
        if key in before.samples and key[0].endswith(("_total", "_bucket", "_count", "_sum"))
    )


def test_health_checks_are_no_requests_of_the_service(servers, observe, upstream):
    balancer = {"servers": [{"url": upstream.url}], "healthCheck": {"path": "/-/count", "interval": "100ms"}}
    rule = {"rule": "PathPrefix(`/`)", "service": "checked", "entryPoints": ["web"]}
    http = {"routers": {"all": rule}, "services": {"checked": {"loadBalancer": balancer}}}
    traefik = servers.traefik([], oracle=True, name="checked", dynamic={"http": http})
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: "checked@file" in learnt(agent).values())
    wait_until(lambda: request(f"{traefik.url}/")[0] == 200)
    before, oracle = agent.metrics(), traefik.metrics()
    send(traefik, "/a?size=100", 20, headers={"X-Forwarded-For": "192.0.2.1"})
    wait_until(lambda: (agent.metrics() - before).counter("mme_upstream_requests_total", protocol="healthcheck") >= 5)
    ours, theirs = settled(agent, traefik, before, oracle)
    assert by_service(ours) == by_service(theirs) == {("checked@file", "200", "GET", "http"): 20}


def test_a_wrong_file_leaves_the_names_as_they_are(servers, observe, upstream):
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url], service="kept")], name="wrong-file")
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: "kept@file" in learnt(agent).values())
    new = traefik.dynamic_file.with_suffix(".new")
    new.write_text("http: [not, a, map")
    new.replace(traefik.dynamic_file)  # in one step: an empty file, which is in order, has no names
    wait_until(lambda: any(str(traefik.dynamic_file) in n for n in agent.status()["notes"]), timeout=FOLLOWED)
    assert "kept@file" in learnt(agent).values()
    assert agent.get("/-/ready")[0] == 200


def test_the_api_is_asked(servers, observe, upstream):
    """Where it answers it says what runs, whatever provider it is from."""
    traefik = servers.traefik(
        [Route("PathPrefix(`/`)", [upstream.url], service="tagging")],
        oracle=True,
        name="with-api",
        entrypoints=["traefik"],
        static={"api": {"insecure": True}},
    )
    agent = observe(config=unnamed(traefik))
    wait_until(lambda: sources(agent).get("tagging@file", "").startswith("api "))
    assert learnt(agent)[f":{traefik.ports['traefik']}"] == "traefik"
    traefik.set_routes([Route("PathPrefix(`/`)", [upstream.url], service="moved")])
    wait_until(lambda: "moved@file" in learnt(agent).values(), timeout=FOLLOWED)


def test_servers_that_are_down(servers, observe, upstream, other_upstream):
    """With a health check Traefik has the same gauge itself."""
    service = {
        "loadBalancer": {
            "servers": [{"url": upstream.url}, {"url": other_upstream.url}],
            "healthCheck": {"path": "/", "interval": "2s", "timeout": "1900ms"},
        }
    }
    dynamic = {
        "http": {
            "routers": {"all": {"rule": "PathPrefix(`/`)", "service": "checked"}},
            "services": {"checked": service},
        }
    }
    traefik = servers.traefik(
        [], oracle=True, name="checked", entrypoints=["traefik"], static={"api": {"insecure": True}}, dynamic=dynamic
    )
    agent = observe(config=unnamed(traefik))

    def agree(expected: int) -> bool:
        labels = {"service": "checked@file", "url": other_upstream.url}
        values = [list(m.select("traefik_service_server_up", **labels)) for m in (agent.metrics(), traefik.metrics())]
        return [[value for _, value in found] for found in values] == [[expected], [expected]]

    wait_until(lambda: agree(1), timeout=FOLLOWED)
    other_upstream.stop()
    wait_until(lambda: agree(0), timeout=FOLLOWED)
    own = {"service": "checked@file", "url": upstream.url}
    wait_until(lambda: agent.metrics().value("traefik_service_server_up", **own) == 1)


def test_an_api_that_asks_for_credentials(servers, observe, upstream):
    dynamic = {
        "http": {
            "routers": {
                "api": {"rule": "PathPrefix(`/api`)", "service": "api@internal", "middlewares": ["auth"]},
                "all": {"rule": "PathPrefix(`/`)", "service": "tagging"},
            },
            "middlewares": {"auth": {"basicAuth": {"users": ["mme:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"]}}},
            "services": {"tagging": {"loadBalancer": {"servers": [{"url": upstream.url}]}}},
        }
    }
    traefik = servers.traefik([], name="guarded-api", static={"api": {}}, dynamic=dynamic)
    agent = observe(config=unnamed(traefik, api=traefik.url))
    wait_until(lambda: any("credentials" in n for n in agent.status()["notes"]))
    assert learnt(agent)[upstream.url.removeprefix("http://")] == "tagging@file"  # its files are read instead


def test_the_agents_own_configuration_comes_first(servers, observe, upstream):
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url], service="tagging")], name="given-names")
    address = upstream.url.removeprefix("http://")
    agent = observe(config=unnamed(traefik, services={"mme@given": [address]}, entrypoints={"front": traefik.port}))
    wait_until(lambda: learnt(agent).get(address) is not None)
    before = agent.metrics()
    send(traefik, "/", 5)
    added = agent.metrics() - before
    assert added.counter(f"{LEG}_requests_total", entrypoint="front") == 5
    assert added.counter(f"{SERVICE}_requests_total") == 5
    assert added.counter(f"{SERVICE}_requests_total", service="mme@given") == 5, added.by(
        f"{SERVICE}_requests_total", "service"
    )
