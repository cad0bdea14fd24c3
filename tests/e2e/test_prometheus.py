"""A real Prometheus scrapes Traefik's own metrics (job `oracle`) and the agent's (job `traefik`), with the operators'
rules for each: the same values at the same seconds, nothing at the same seconds, the same alerts."""

import math
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import yaml

from lib.promote_rules import AGENT, DATA, ORACLE, WINDOW, is_number, near, restricted, rules
from mme_stack import Agent, Prometheus, Route, Traefik
from mme_stack.agent import targets
from mme_stack.fetch import request, wait_until
from mme_stack.load import hey
from mme_stack.prometheus import Labels

pytestmark = pytest.mark.slow

ALERTS = ("MMEPromoteHighLatency", "MMEErrorRateHigh")
DASHBOARD = yaml.safe_load((DATA / "traefik_dashboard.yml").read_text())
PROMOTE = "mme-tagging@file"
EXACT = {  # what is counted alike to the last one, once nothing is under way
    "entrypoint": "code, method, protocol, entrypoint",
    "router": "code, method, protocol, router, service",
    "service": "code, method, protocol, service",
}
COUNTED = ("requests_total", "requests_bytes_total", "responses_bytes_total", "request_duration_seconds_count")


def error_rate_parts(job: str) -> list[str]:
    return next(r["expr"] for r in rules(job, "file") if r.get("record") == "mme_promote_error_rate").split(" / ")


@dataclass
class Part:
    """`rate` requests a second, for the whole of a period."""

    path: str
    rate: int
    body: str | None = None
    method: str = "POST"
    connections: int = 5


@dataclass
class Run:
    """What happened, by the second: `periods` of load, what was `promoted` (POST /promote) in each, `idle` moments."""

    prometheus: Prometheus
    agent: Agent
    traefik: Traefik
    began: int = 0
    ended: int = 0
    periods: dict[str, tuple[int, int]] = field(default_factory=dict)
    promoted: dict[str, Counter[int]] = field(default_factory=dict)
    idle: dict[str, int] = field(default_factory=dict)

    def load(self, name: str, seconds: int, *parts: Part) -> None:
        def make(part: Part) -> Counter[int]:
            n = part.rate * seconds // part.connections * part.connections
            made = hey(
                self.traefik.url + part.path,
                n,
                part.connections,
                method=part.method,
                body=part.body,
                rate=part.rate,
            )
            assert made.requests == n
            return made.statuses if part.method == "POST" else Counter()

        began = math.ceil(time.time())
        with ThreadPoolExecutor(len(parts)) as pool:
            self.promoted[name] = sum(pool.map(make, parts), Counter())
        self.periods[name] = began, int(time.time())

    def rest(self, name: str, seconds: float) -> None:
        began = time.time()
        time.sleep(seconds)
        self.idle[name] = self.prometheus.wait_evaluated(began + 1)

    def recorded(self, name: str, source: str) -> list[float | None]:
        """A rule's value at each second of the run; None where it has none."""
        found = self.prometheus.query_range(f'{name}{{source="{source}"}}', self.began, self.ended)
        assert len(found) <= 1
        values = next(iter(found.values()), {})
        return [values.get(second) for second in range(self.began, self.ended + 1)]

    def over_time(self, expression: str) -> list[float | None]:
        (values,) = self.prometheus.query_range(expression, self.began, self.ended).values()
        return [values.get(second) for second in range(self.began, self.ended + 1)]

    @cached_property
    def lags(self) -> list[int]:
        return self.prometheus.lags(self.began, self.ended)

    def at(self, name: str, source: str, second: int) -> float | None:
        return self.recorded(name, source)[second - self.began]

    def counters(self, name: str, by: str, job: str, second: int) -> dict[Labels, float]:
        """What a job counted on the entrypoint `web` until then, from the first idle moment on."""
        expression = f'sum by ({by}) ({name}{{job="{job}"}})'
        first = self.prometheus.query(expression, self.idle["first"])
        added = {k: v - first.get(k, 0) for k, v in self.prometheus.query(expression, second).items()}
        return {k: v for k, v in added.items() if v and ("entrypoint", "metrics") not in k}


@pytest.fixture(scope="module")
def run(stack) -> Iterator[Run]:
    with stack.nested() as servers:
        upstream = servers.upstream(name="promoting", host="0.0.0.0")
        own, shared = (f"http://127.0.1.{n}:{upstream.port}" for n in (1, 2))
        routes = [
            Route("Path(`/promote`)", [own], router="promote", service="mme-tagging"),
            Route("PathPrefix(`/memories`)", [shared], router="memories", service="mme-memories"),
            Route("PathPrefix(`/search`)", [shared], router="search", service="mme-search"),
        ]
        traefik = servers.traefik(routes, oracle=True, name="scraped")
        config = targets([traefik])
        del config["traefik"][0]["entrypoints"]  # it finds every name itself
        agent = servers.agent(config={"targets": config, "compat": {"traefik": "on"}}, name="agent-scraped")
        wait_until(lambda: agent.status()["targets"][0]["names"])
        jobs = {
            ORACLE: f"http://127.0.0.1:{traefik.ports['metrics']}/metrics",
            AGENT: f"{agent.url}/metrics/traefik",
        }
        prometheus = servers.prometheus(jobs, rules=[*rules(ORACLE, "file"), *rules(AGENT, "file")])
        wait_until(lambda: len(prometheus.query("up == 1", time.time())) == len(jobs))
        run = Run(prometheus, agent, traefik, began=int(time.time()))
        play(run, upstream)
        run.ended = run.idle["slow"] - 2  # what is in it has neighbours that are stored too
        yield run


def play(run: Run, upstream: Any) -> None:
    def once(path: str, method: str, status: int) -> None:
        """A series begins with one request that both jobs scrape before the next: a rate misses the first value."""
        assert request(run.traefik.url + path, method=method)[0] == status

    for path, method in (("/promote", "POST"), ("/promote", "GET"), ("/memories", "GET"), ("/search", "GET")):
        once(path, method, 200)
    once("/memories?status=404", "GET", 404)
    run.rest("first", 3)
    others = (
        Part("/promote", 10, method="GET"),
        Part("/memories?size=1000", 10, method="GET"),
        Part("/search", 10, method="GET"),
    )
    good = Part("/promote?size=200", 60, "x" * 100)
    run.load("good", 5, good, Part("/memories?status=404", 5, method="GET"), *others)
    run.rest("good", WINDOW + 3)

    once("/promote?status=500", "POST", 500)
    upstream.stop()
    once("/promote", "POST", 502)
    once("/memories", "GET", 502)
    upstream.start()
    run.rest("failures", 3)
    run.load("failing", 5, good, Part("/promote?status=500", 20, "x" * 100), *others)
    run.rest("failing", WINDOW + 3)

    upstream.stop()
    # Without bodies: Traefik counts what it reads of one, and here that is nothing.
    run.load("stopped", 5, Part("/promote", 50), Part("/memories", 10, method="GET"))
    upstream.start()
    run.load(
        "slow", 9, Part("/promote?delay=800ms", 30, connections=30), Part("/memories?delay=1300ms", 5, method="GET")
    )
    run.rest("slow", WINDOW + 5)


def kind_differences(ours: list[float | None], theirs: list[float | None], lags: list[int]) -> list[str]:
    """Where one is a number, NaN or absent and the other is not the same within the lag, in both directions."""
    found = []
    for one, other in ((ours, theirs), (theirs, ours)):
        for n in range(2, len(one) - 2):
            if kind(one[n]) not in map(kind, near(other, n, lags[n])):
                found.append(f"second {n}: {one[n]}, the other: {near(other, n, lags[n])}")
    return found


def kind(value: float | None) -> str:
    return "absent" if value is None else "NaN" if math.isnan(value) else "number"


def within(family: str, labels: Labels, ours: float, theirs: float) -> bool:
    """Requests within a bound: ours have the wait in Traefik's socket too, but for those that a server answered, which
    are from the first byte to it on. On a quiet machine both are the same."""
    by_server = family == "service" and ("code", "502") not in labels
    return theirs <= ours if by_server else ours <= theirs


def test_counters_at_rest(run):
    """After each period, once nothing is under way: equal to the last request and byte, and no bucket of the rules with
    requests that are not in it."""
    bounds = ("0.1", "0.3", "1.2", "5", "+Inf")
    for period in ("good", "failures", "failing", "slow"):
        for family, labels in EXACT.items():
            for what in COUNTED:
                args = (f"traefik_{family}_{what}", labels)
                ours, theirs = (run.counters(*args, job, run.idle[period]) for job in (AGENT, ORACLE))
                assert theirs and ours == theirs, (period, what)
            args = (f"traefik_{family}_request_duration_seconds_bucket", f"{labels}, le")
            ours, theirs = (
                {k: v for k, v in run.counters(*args, job, run.idle[period]).items() if dict(k)["le"] in bounds}
                for job in (AGENT, ORACLE)
            )
            assert theirs
            for k in ours.keys() | theirs.keys():
                assert within(family, k, ours.get(k, 0), theirs.get(k, 0)), (period, family, k)


def test_counters_are_those_of_the_load(run):
    made: Counter[int] = Counter()
    for period in ("good", "failing", "slow"):
        made += run.promoted[period]
        if period == "slow":
            made += run.promoted["stopped"]
        if period == "failing":
            made += Counter({500: 1, 502: 1})
        counted = run.counters("traefik_service_requests_total", "service, method, code", AGENT, run.idle[period])
        ours = {int(dict(k)["code"]): v for k, v in counted.items() if {("service", PROMOTE), ("method", "POST")} <= k}
        assert ours == made


def test_no_counter_goes_down(run):
    names = run.prometheus.get("label/__name__/values", **{"match[]": f'{{job="{AGENT}"}}'})
    counters = [n for n in names if re.fullmatch(r"(traefik|mme)_.+_(total|count|sum|bucket)", n)]
    assert len(counters) > 20
    for name in counters:
        resets = run.prometheus.query(f'max(resets({name}{{job="{AGENT}"}}[{run.ended - run.began}s]))', run.ended)
        assert set(resets.values()) == {0}, name


def test_counters_under_load(run):
    """At each second no fewer than Traefik counted a lag earlier, and no more than it did a lag later."""
    for code in ("200", "500", "502"):
        ours, theirs = (
            run.over_time(
                f'traefik_service_requests_total{{job="{job}", service="{PROMOTE}", method="POST", code="{code}"}}'
            )
            for job in (AGENT, ORACLE)
        )
        assert ours[-1] == theirs[-1] > 100
        for n in range(1, len(ours) - 1):
            between = [v or 0 for v in near(theirs, n, run.lags[n])]
            assert min(between) <= (ours[n] or 0) <= max(between), f"{code}, second {n}: {ours[n]}, Traefik: {between}"


def test_the_error_rate_is_the_same(run):
    """Their quotient may be anything that Traefik's numerators and denominators of these seconds allow."""
    ours, theirs = (run.recorded("mme_promote_error_rate", source) for source in (AGENT, ORACLE))
    assert not kind_differences(ours, theirs, run.lags)
    failed, all_ = map(run.over_time, error_rate_parts(ORACLE))
    # rate() extrapolates by up to a scrape, by how much depends on when in the second it was
    compared = 0
    for n in range(2, len(ours) - 2):
        lag = run.lags[n]
        numerator, denominator = ([v or 0 for v in near(values, n, lag + 1)] for values in (failed, all_))
        if is_number(ours[n]) and min(denominator):  # else less than a scrape's worth of requests is left of any size
            lowest, highest = min(numerator) / max(denominator), max(numerator) / min(denominator)
            slack = 1 + lag / WINDOW
            of_traefik = near(theirs, n, lag + 1)
            assert lowest / slack <= ours[n] <= highest * slack, f"second {n}: {ours[n]}, Traefik: {of_traefik}"
            compared += 1
    assert compared > 20


def test_the_p95_is_the_same(run):
    ours, theirs = (run.recorded("mme_promote_duration_p95", source) for source in (AGENT, ORACLE))
    assert not kind_differences(ours, theirs, run.lags)
    for n in range(2, len(ours) - 2):
        numbers = [v for v in near(theirs, n, run.lags[n]) if is_number(v)]
        if is_number(ours[n]) and numbers:
            # Ours begins at the socket, which on a busy machine moves requests to the next bucket or two.
            assert min(numbers) - 0.025 <= ours[n] <= max(numbers) + 0.025, f"second {n}: {ours[n]}, Traefik: {numbers}"


@pytest.mark.parametrize("source", [ORACLE, AGENT])
def test_what_the_rules_say(run, source):
    rate, p95 = (lambda s, n=n: run.at(n, source, s) for n in ("mme_promote_error_rate", "mme_promote_duration_p95"))
    good, failing, stopped, slow = (run.periods[p][1] for p in ("good", "failing", "stopped", "slow"))
    assert rate(good) is None  # no series with 5xx yet, and so no quotient
    assert p95(good) < 0.1
    assert math.isnan(p95(run.idle["good"]))
    # by then the window has all of the load, and nothing of what failed before it
    assert rate(failing + 3) == pytest.approx(0.25, abs=0.02)
    assert math.isnan(rate(run.idle["failing"])) and math.isnan(p95(run.idle["failing"]))
    assert rate(stopped) == 1
    assert 0.75 < p95(slow + 4) <= 1.2
    assert math.isnan(rate(run.ended)) and math.isnan(p95(run.ended))


def test_the_same_alerts_at_the_same_seconds(run):
    firing: dict[str, dict[str, list[int]]] = {}
    for source in (ORACLE, AGENT):
        selector = f'ALERTS{{alertstate="firing", source="{source}"}}'
        found = run.prometheus.query_range(selector, run.began, run.ended)
        firing[source] = {dict(labels)["alertname"]: sorted(values) for labels, values in found.items()}
    assert set(firing[ORACLE]) == set(firing[AGENT]) == set(ALERTS)
    for alert in ALERTS:
        ours, theirs = (firing[source][alert] for source in (AGENT, ORACLE))
        print(alert, [s - run.began for s in ours], [s - run.began for s in theirs])
        for one, other in ((ours, theirs), (theirs, ours)):
            alone = [s for s in one if min(abs(s - o) for o in other) > run.lags[s - run.began]]
            assert not alone, (alert, alone)


@pytest.mark.parametrize("panel", DASHBOARD["panels"])
def test_panels_of_traefik_s_dashboard(run, panel):
    """Of all services, and of the entrypoint `web`: Traefik leaves out requests to itself, as those for its metrics."""
    expression = DASHBOARD["panels"][panel].replace('entrypoint=~".*"', 'entrypoint=~"web"')

    def shown(job: str) -> dict[Labels, float]:
        found = run.prometheus.query(restricted(expression, job), run.ended)
        return {frozenset((k, v) for k, v in labels if k not in ("job", "instance")): n for labels, n in found.items()}

    ours, theirs = shown(AGENT), shown(ORACLE)
    print({k: (v, theirs.get(k)) for k, v in ours.items()})
    assert ours
    assert ours.keys() == theirs.keys()
    for labels, value in ours.items():
        # A rate is extrapolated to half a scrape beyond its first and last value. Ours have the wait in the socket.
        slack = 0.025 if panel == "Top slow services" else 0
        assert value == pytest.approx(theirs[labels], rel=0.05, abs=slack), labels


def test_open_connections_under_load(run):
    began, _ = run.periods["slow"]
    for second in range(began + 4, began + 8):  # all have connected, and none has done its part
        ours, theirs = (
            sum(run.prometheus.query(f'traefik_open_connections{{job="{job}", entrypoint="web"}}', second).values())
            for job in (AGENT, ORACLE)
        )
        assert ours == theirs == 35, second - began


@pytest.mark.parametrize("family", DASHBOARD["variables"])
def test_variables_of_traefik_s_dashboard(run, family):
    def values(job: str) -> set[str]:
        match = f'{family}{{job="{job}"}}'
        return set(run.prometheus.get(f"label/{DASHBOARD['variables'][family]}/values", **{"match[]": match}))

    assert values(AGENT) == values(ORACLE)


def test_promtool_has_nothing_to_say(run):
    """Nothing of the agent's own families, and of Traefik's only what it says of Traefik too."""

    def complaints(body: bytes) -> set[str]:
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=60)
        assert done.returncode in (0, 3), done.stderr.decode()  # 3: it parses, and is not to its taste
        return set(done.stderr.decode().splitlines())

    theirs = complaints(request(f"http://127.0.0.1:{run.traefik.ports['metrics']}/metrics")[1])
    for path in ("/metrics", "/metrics/traefik"):
        body = run.agent.get(path)[1]
        families = set(re.findall(rb"^# TYPE (mme_\w+)", body, re.M))
        assert families >= {b"mme_route_requests_total", b"mme_upstream_requests_total", b"mme_agent_bytes_seen_total"}
        assert complaints(body) <= theirs
