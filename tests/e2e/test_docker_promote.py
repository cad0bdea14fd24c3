"""MME as two containers behind Traefik with its Docker provider, an agent that was told nothing of them, and a
Prometheus that scrapes both, with the operators' rules on mme-tagging@docker. Containers are replaced and stopped
under load.

Traefik keeps a service with `allownonrunning` while all its containers are stopped. Without, it forgets router and
service then and answers 404: what it had counted of them is only in its entrypoint's counts, by code.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import pytest

from lib.oracle import assert_settled_accounting
from lib.promote_rules import AGENT, ORACLE, WINDOW, is_number, near, rules
from mme_stack import Agent, Dockerd, Metrics, Prometheus
from mme_stack.docker import Container
from mme_stack.fetch import request, status_of, wait_until
from mme_stack.load import hey
from mme_stack.paths import get
from mme_stack.ports import accepts
from mme_stack.traefik import BUCKETS

pytestmark = pytest.mark.slow

RATE = 60  # POST /promote a second
TENANT = {"X-Tenant-ID": "tenant-a"}
PROMOTE, SEARCH = ("/promote", "POST"), ("/search", "GET")
ROUTERS = {"POST": ("promote@docker", "mme-tagging@docker"), "GET": ("search@docker", "mme-search@docker")}
ARGUMENTS = [
    "--entrypoints.gate.address=:80",
    "--providers.docker=true",
    "--metrics.prometheus=true",
    "--metrics.prometheus.addrouterslabels=true",
    f"--metrics.prometheus.buckets={','.join(map(str, BUCKETS))}",
    "--serverstransport.forwardingtimeouts.dialtimeout=1s",  # else who asks a container that is gone waits for 30
]
FAMILIES = {  # those of the entrypoint gate; @file is of other tests' Traefiks, which the agent observes as well
    "entrypoint": ("code", "method", "protocol", "entrypoint"),
    "router": ("code", "method", "protocol", "router", "service"),
    "service": ("code", "method", "protocol", "service"),
}
COUNTED = ("requests_total", "requests_bytes_total", "responses_bytes_total", "request_duration_seconds_count")
Counts = dict[tuple[str, ...], float]


def counted(metrics: Metrics, family: str, what: str = "requests_total") -> Counts:
    gate = {"entrypoint": "gate"} if family == "entrypoint" else {}
    found = metrics.by(f"traefik_{family}_{what}", *FAMILIES[family], **gate)
    return {labels: n for labels, n in found.items() if not labels[-1].endswith("@file")}


@dataclass
class Phase:
    """`made`: what clients saw, by method and status. `ours` and `theirs`: what was added, once both are at rest."""

    made: Counter[tuple[str, str]]
    ours: Metrics
    theirs: Metrics
    ended: int


@dataclass
class Docker:
    engine: Dockerd
    database: Container
    forgotten: bool  # by Traefik, when all containers are stopped

    def labels(self, router: str, rule: str, service: str) -> dict[str, str]:
        return {
            f"traefik.http.routers.{router}.rule": rule,
            f"traefik.http.routers.{router}.service": service,
            f"traefik.http.services.{service}.loadbalancer.server.port": "80",
            "traefik.docker.allownonrunning": str(not self.forgotten).lower(),
        }

    def mme(self, name: str) -> Container:
        arguments = ["-listen", ":80", "-mongodb", f"mongodb://{self.database.ip}"]
        labels = self.labels("promote", "Path(`/promote`)", "mme-tagging")
        return self.engine.run(get("mme"), arguments, name=name, labels=labels)

    def search(self, name: str) -> Container:
        labels = self.labels("search", "PathPrefix(`/search`)", "mme-search")
        return self.engine.run(get("upstream"), ["-listen", ":80"], name=name, labels=labels)


@dataclass
class Run:
    docker: Docker
    url: str
    agent: Agent
    prometheus: Prometheus
    began: int = 0
    ended: int = 0
    phases: dict[str, Phase] = field(default_factory=dict)

    def theirs(self) -> Metrics:
        return Metrics.scrape(f"{self.url}:8080/metrics")

    def load(self, name: str, seconds: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        """POST /promote and GET /search, at least so long, and from before `meanwhile` until after it."""
        before, oracle = self.agent.metrics(), self.theirs()
        is_over, least = threading.Event(), time.monotonic() + seconds

        def make(path: str, method: str, rate: int) -> Counter[tuple[str, str]]:
            made: Counter[tuple[str, str]] = Counter()
            while not is_over.is_set() or time.monotonic() < least:
                result = hey(self.url + path, rate, 10, method=method, headers=TENANT, rate=rate)
                assert not result.errors
                made += Counter({(method, str(status)): n for status, n in result.statuses.items()})
            return made

        def added() -> Metrics:
            return self.agent.metrics() - before

        with ThreadPoolExecutor(2) as pool:
            loads = [pool.submit(make, *PROMOTE, RATE), pool.submit(make, *SEARCH, 20)]
            try:
                wait_until(lambda: added().counter("traefik_entrypoint_requests_total", entrypoint="gate") >= 30)
                meanwhile()
            finally:
                is_over.set()
        made = sum((load.result() for load in loads), Counter())
        total = made.total()
        wait_until(lambda: sum(counted(self.theirs() - oracle, "entrypoint").values()) >= total)
        # Where the agent has yet to hear of a container, its requests have the address for a name.
        wait_until(lambda: all(k[-1].endswith("@docker") for k in counted(added(), "service")))
        self.phases[name] = Phase(made, added(), self.theirs() - oracle, int(time.time()))

    def serves(self, container: Container) -> None:
        """Until Traefik has sent it requests."""
        url = f"http://{container.ip}:80"
        before = self.agent.metrics()
        wait_until(
            lambda: (self.agent.metrics() - before).counter("mme_upstream_requests_total", url=url) > 0, timeout=60
        )

    def until_evaluated(self, second: float) -> None:
        time.sleep(max(0, second - time.time()))
        self.prometheus.wait_evaluated(second)

    @property
    def compared(self) -> range:
        """The seconds that have neighbours, until Traefik forgets what the rules are about."""
        end = self.phases["replaced"].ended if self.docker.forgotten else self.ended
        return range(2, end - self.began - 2)

    @cached_property
    def lags(self) -> list[int]:
        return self.prometheus.lags(self.began, self.ended)

    def over_time(self, expression: str) -> list[float | None]:
        found = self.prometheus.query_range(expression, self.began, self.ended)
        values = next(iter(found.values()), {})
        return [values.get(second) for second in range(self.began, self.ended + 1)]

    def recorded(self, name: str, source: str) -> list[float | None]:
        """A rule's value at each second of the run; None where it has none."""
        return self.over_time(f'{name}{{source="{source}"}}')


def play(run: Run, mmes: list[Container]) -> None:
    def replace() -> None:
        for n in (0, 1):
            mmes[n].remove()
            mmes[n] = run.docker.mme(f"mme-{n + 1}")
            run.serves(mmes[n])

    def take_address() -> None:
        address = mmes[0].ip
        mmes[0].remove()
        stranger = run.docker.search("search-2")
        assert stranger.ip == address
        mmes[0] = run.docker.mme("mme-1")
        run.serves(mmes[0])
        run.serves(stranger)

    def stop() -> None:
        run.docker.engine.docker("stop", *(m.id for m in mmes))
        run.until_evaluated(time.time() + WINDOW + 5)

    def start() -> None:
        run.docker.engine.docker("start", *(m.id for m in mmes))
        for m in mmes:
            run.serves(m)

    # A series begins with one request that both jobs scrape before the next: a rate misses the first value.
    assert status_of(run.url + PROMOTE[0], method="POST", headers=TENANT) == 200
    for code in (500, 502, 504):
        assert request(f"{run.url}/promote?fail={code}", method="POST", headers=TENANT)[0] == code
    run.began = run.prometheus.wait_evaluated(time.time() + 1)
    run.load("good", 12)
    run.load("replaced", 5, replace)
    run.load("stopped", 5, stop)
    run.load("started", 5, start)
    run.until_evaluated(time.time() + WINDOW + 3)
    run.ended = int(time.time()) - 2  # what is in it has neighbours that are stored too
    run.load("address taken", 5, take_address)


@pytest.fixture(scope="module", params=[False, True], ids=["kept", "forgotten"])
def run(request, stack, dockerd) -> Iterator[Run]:
    with stack.nested() as servers, dockerd.nested():
        database = dockerd.run(get("mongod"), ["--dbpath=/data", "--bind_ip=0.0.0.0"], name="database")
        wait_until(lambda: accepts(27017, database.ip), timeout=60)
        docker = Docker(dockerd, database, forgotten=request.param)
        socket = ["-v", f"{dockerd.socket}:/var/run/docker.sock"]
        front = dockerd.run(get("traefik"), ARGUMENTS, name="front", options=socket)
        mmes = [docker.mme("mme-1"), docker.mme("mme-2")]
        docker.search("search-1")
        url = f"http://{front.ip}"
        for path, method in (PROMOTE, SEARCH):
            wait_until(lambda p=path, m=method: status_of(url + p, method=m, headers=TENANT) == 200, timeout=60)
        agent = servers.agent(config={"compat": {"traefik": "on"}}, name="agent-docker")  # no word about targets
        wait_until(lambda: {"mme-tagging@docker", "mme-search@docker"} <= names(agent))
        jobs = {ORACLE: f"{url}:8080/metrics", AGENT: f"{agent.url}/metrics/traefik"}
        prometheus = servers.prometheus(jobs, rules=[*rules(ORACLE), *rules(AGENT)])
        wait_until(lambda: len(prometheus.query("up == 1", time.time())) == len(jobs))
        run = Run(docker, url, agent, prometheus)
        play(run, mmes)
        yield run


def names(agent: Agent) -> set[str]:
    return {n["name"] for t in agent.status()["targets"] for n in t["names"]}


PHASES = ("good", "replaced", "stopped", "started")


TAKEN = "address taken"
LATE = 5 * (RATE + 20)  # requests: after five seconds none counts under a name that is no longer


def misplaced(ours: Counts, theirs: Counts) -> float:
    """How many requests are under other labels than they should be."""
    return sum(max(theirs.get(k, 0) - ours.get(k, 0), 0) for k in theirs)


def forgets(run: Run, phase: str) -> bool:
    return run.docker.forgotten and phase in ("stopped", "started")


@pytest.mark.parametrize("phase", [*PHASES, TAKEN])
def test_every_request_is_counted_as_traefik_counts_it(run, phase):
    """By entrypoint, router and service, to the last request and byte, under no other name."""
    ours, theirs = run.phases[phase].ours, run.phases[phase].theirs
    exact = ["entrypoint"] if forgets(run, phase) or phase == TAKEN else [*FAMILIES]
    for family in exact:
        for what in COUNTED:
            assert counted(ours, family, what) == counted(theirs, family, what), (family, what)
    if phase == TAKEN:  # an address counts for its old service until the agent knows the new one
        for family in ("router", "service"):
            assert misplaced(counted(ours, family), counted(theirs, family)) <= LATE
    assert_settled_accounting(run.agent)


@pytest.mark.parametrize("phase", [*PHASES, TAKEN])
def test_every_answer_is_counted(run, phase):
    """As the clients saw them. A 404 is Traefik's own, where it has no router; of when one comes or goes agent and
    Traefik learn at different moments."""
    made, ours = run.phases[phase].made, run.phases[phase].ours
    routed = {k: n for k, n in made.items() if k[1] != "404"}
    late = LATE if forgets(run, phase) or phase == TAKEN else 0
    assert counted(ours, "entrypoint") == {(c, m, "http", "gate"): n for (m, c), n in made.items()}
    by_service = {(c, m, "http", ROUTERS[m][1]): float(n) for (m, c), n in routed.items()}
    by_router = {(c, m, "http", *ROUTERS[m]): float(n) for (m, c), n in routed.items()}
    assert misplaced(counted(ours, "service"), by_service) <= late
    assert misplaced(by_service, counted(ours, "service")) <= late
    assert misplaced(counted(ours, "router"), by_router) <= late
    assert misplaced(by_router, counted(ours, "router")) <= late


def test_containers_came_and_went_under_load(run):
    statuses = {phase: {code for _, code in run.phases[phase].made} for phase in PHASES}
    assert statuses["good"] == {"200"}
    down = "404" if run.docker.forgotten else "500"
    assert {"200", down} <= statuses["stopped"] and {"200", down} <= statuses["started"]


def test_the_error_rate_is_the_same(run):
    ours, theirs = (run.recorded("mme_promote_error_rate", source) for source in (AGENT, ORACLE))
    print(ours, theirs, sep="\n")
    for n in run.compared:
        # Of a series that Traefik has forgotten there is no value, where a counter at rest gives NaN.
        assert is_number(ours[n]) in map(is_number, near(theirs, n, run.lags[n])), f"second {n}"
        if is_number(ours[n]):
            numbers = [v for v in near(theirs, n, run.lags[n]) if is_number(v)]
            slack = 1 + run.lags[n] / WINDOW  # rate() extrapolates by up to a scrape
            assert min(numbers) / slack - 0.01 <= ours[n] <= max(numbers) * slack + 0.01, f"second {n}: {numbers}"


def test_the_error_rate_is_1_while_all_containers_are_stopped(run):
    at = run.phases["stopped"].ended - run.began
    for source in (AGENT, ORACLE):
        values = run.recorded("mme_promote_error_rate", source)[at - 3 : at]
        if run.docker.forgotten:  # nothing is left that could fail
            assert not any(map(is_number, values)), (source, values)
        else:
            assert values == [1] * 3, source


def test_the_p95_is_the_same(run):
    ours, theirs = (run.recorded("mme_promote_duration_p95", source) for source in (AGENT, ORACLE))
    print(ours, theirs, sep="\n")
    promotes = f'job="{ORACLE}", service="mme-tagging@docker", method="POST"'
    fast = run.over_time(
        f'sum(rate(traefik_service_request_duration_seconds_bucket{{{promotes}, le="0.1"}}[{WINDOW}s]))'
        f" / sum(rate(traefik_service_requests_total{{{promotes}}}[{WINDOW}s]))"
    )
    compared = 0
    for n in run.compared:
        assert is_number(ours[n]) in map(is_number, near(theirs, n, run.lags[n])), f"second {n}"
        # It jumps where one in twenty is slow, which are those that waited for a container that is gone.
        if is_number(ours[n]) and all(is_number(f) and f > 0.97 for f in near(fast, n, run.lags[n])):
            compared += 1
            numbers = [v for v in near(theirs, n, run.lags[n]) if is_number(v)]
            # Ours begins at the socket, which on a busy machine moves requests to the next bucket or two.
            assert min(numbers) - 0.025 <= ours[n] <= max(numbers) + 0.025, f"second {n}: {numbers}"
    assert compared > 5
