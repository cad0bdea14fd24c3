"""Real Docker containers in network namespaces of their own, and Kubernetes' cgroups."""

import re
import time
from datetime import datetime

import pymongo
import pytest

from lib.machine import waited_for_a_cpu
from lib.oracle import LEG, assert_settled_accounting
from mme_stack import Metrics, Route
from mme_stack.cgroups import member_of, mount, remove_tree
from mme_stack.fetch import request, status_of, wait_until
from mme_stack.paths import get
from mme_stack.ports import accepts

ARGUMENTS = ["--entrypoints.web.address=:80", "--providers.docker=true", "--metrics.prometheus=true"]
LABELS = {
    "traefik.http.routers.all.rule": "PathPrefix(`/`)",
    "traefik.http.services.mme-tagging.loadbalancer.server.port": "80",
}


@pytest.fixture(scope="module")
def traefik(dockerd):
    with dockerd.nested():
        dockerd.run(get("upstream"), ["-listen", ":80"], name="upstream", labels=LABELS)
        socket = ["-v", f"{dockerd.socket}:/var/run/docker.sock"]
        traefik = dockerd.run(get("traefik"), ARGUMENTS, name="front", options=socket)
        wait_until(lambda: status_of(f"http://{traefik.ip}/") == 200, timeout=60)
        yield traefik


@pytest.fixture(scope="module")
def mongod(dockerd):
    with dockerd.nested():
        mongod = dockerd.run(get("mongod"), ["--dbpath=/data", "--bind_ip=0.0.0.0"], name="database")
        wait_until(lambda: accepts(27017, mongod.ip), timeout=60)
        yield mongod


def test_discovered_and_counted(observe, traefik):
    agent = observe(traefik, name="agent-containers")
    before, oracle = agent.metrics(), Metrics.scrape(f"http://{traefik.ip}:8080/metrics")
    for status in (200, 201, 404):
        for _ in range(20):
            assert request(f"http://{traefik.ip}/?status={status}&size=10")[0] == status
    ours = (agent.metrics() - before).by(f"{LEG}_requests_total", "code", "method")

    def theirs():
        added = Metrics.scrape(f"http://{traefik.ip}:8080/metrics") - oracle
        return added.by(f"{LEG}_requests_total", "code", "method", entrypoint="web")

    expected = {(str(c), "GET"): 20 for c in (200, 201, 404)}
    wait_until(lambda: theirs() == expected)
    scrapes = {("200", "GET"): 1.0}  # of Traefik's own metrics, on its entrypoint :8080, while we counted
    assert {k: v - scrapes.get(k, 0) for k, v in ours.items()} == expected
    assert_settled_accounting(agent)


def test_names_from_docker_follow_the_containers(observe, dockerd, traefik):
    """A container is replaced: every request is counted, and for the service that Traefik counts it for."""
    url = f"http://{traefik.ip}/replaced?status=202"

    def start(service):
        labels = {
            "traefik.http.routers.replaced.rule": "PathPrefix(`/replaced`)",
            "traefik.http.routers.replaced.service": service,
            f"traefik.http.services.{service}.loadbalancer.server.port": "80",
        }
        return dockerd.run(get("upstream"), ["-listen", ":80"], name=f"of-{service}", labels=labels)

    def by_service(metrics):
        return metrics.by("traefik_service_requests_total", "service", code="202")

    def theirs():
        return by_service(Metrics.scrape(f"http://{traefik.ip}:8080/metrics") - oracle)

    agent = observe(traefik, name="agent-names")
    before, oracle = agent.metrics(), Metrics.scrape(f"http://{traefik.ip}:8080/metrics")

    def names():
        return {n["name"] for t in agent.status()["targets"] for n in t["names"]}

    def ask():
        if request(url)[0] == 202:  # by the other router until this one is there
            made.append(url)

    def has_asked(service):
        ask()
        return theirs().get((service,), 0) >= 25

    def all_counted():
        return sum((counted | theirs()).values()) == len(made)

    made, counted = [], {}  # Traefik forgets what is gone
    for service in ("mme-tagging-a@docker", "mme-tagging-b@docker"):
        container = start(service.removesuffix("@docker"))
        wait_until(lambda name=service: has_asked(name), timeout=60)
        wait_until(all_counted)
        counted |= theirs()
        dockerd.docker("rm", "-f", container.id)
        # The next container may have the same address, which counts for its old service until the agent knows the new.
        wait_until(lambda name=service: name not in names())
    wait_until(lambda: by_service(agent.metrics() - before) == counted)


def test_the_api_is_asked_in_the_containers_network(observe, dockerd, traefik):  # noqa: ARG001 -- its upstream runs
    arguments = ["--entrypoints.web.address=:80", "--providers.docker=true", "--api.insecure=true"]
    socket = ["-v", f"{dockerd.socket}:/var/run/docker.sock"]
    other = dockerd.run(get("traefik"), arguments, name="with-api", options=socket)
    try:
        agent = observe(other, name="agent-api")

        def sources():
            return {n["name"]: n["source"] for t in agent.status()["targets"] for n in t["names"]}

        wait_until(lambda: sources().get("mme-tagging@docker", "").startswith("api http://127.0.0.1:8080/"), 60)
    finally:
        dockerd.docker("rm", "-f", other.id)


def test_found_without_any_configuration(servers, traefik, mongod):
    agent = servers.agent(name="agent-any")
    wanted = {traefik.cgroup, mongod.cgroup}
    wait_until(lambda: wanted <= {t["cgroup"] for t in agent.status()["targets"] if t["up"]})
    assert {a["cgroup"] for a in agent.status()["attachments"]} >= wanted or any(
        a["cgroup"] == "/" for a in agent.status()["attachments"]
    )
    before = agent.metrics()
    for _ in range(10):
        assert request(f"http://{traefik.ip}/?status=203")[0] == 203
    with pymongo.MongoClient(mongod.ip, appname="containers") as client:
        for n in range(10):
            client.box.things.insert_one({"n": n})
    added = agent.metrics() - before
    assert added.counter("mme_upstream_requests_total", code="203") == 10  # Traefik's own metrics are on
    assert added.counter("mme_mongo_command_duration_seconds_count", command="insert", database="box") == 10


class Restart:
    """docker restart: a new process, a new cgroup of the same path, a new namespace."""

    def __init__(self, agent, container):
        self.agent = agent
        container.restart()
        self.began, self.starved = time.time(), self.waited()
        self.pid = container.pid

    def waited(self):
        return waited_for_a_cpu(self.agent.pid)

    def observed(self):
        """When the agent observed the new process, which is to be within two seconds in which it could run."""
        found = wait_until(
            lambda: re.search(rf"time=(\S+) .*target is observed.* pid={self.pid} ", self.agent.log.read_text())
        )
        starved = self.waited() - self.starved
        observed = datetime.fromisoformat(found[1]).timestamp()
        print(f"observed {observed - self.began:.2f} s after the restart, waited {starved:.2f} s for a CPU")
        assert observed - self.began <= 2 + starved
        return observed


def test_the_first_seconds_after_a_restart_count(observe, traefik):
    """Every request that is answered is counted, from the first on that the agent could see."""
    agent = observe(traefik, name="agent-restart")
    before = agent.metrics()
    restart = Restart(agent, traefik)
    url = f"http://{traefik.ip}/?status=202"
    begun = []  # when each request began that was answered
    while time.time() < restart.began + 4 or not begun:
        now = time.time()
        if status_of(url, timeout=2) == 202:
            begun.append(now)
        time.sleep(0.02)
    observed = restart.observed()
    ours = (agent.metrics() - before).counter(f"{LEG}_requests_total", code="202")
    print(f"first answer {begun[0] - restart.began:.2f} s after the restart, {len(begun) - ours:.0f} not seen")
    assert sum(b > observed for b in begun) <= ours <= len(begun)
    assert_settled_accounting(agent)


def test_mongod_is_observed_again_within_two_seconds(observe, mongod):
    agent = observe(mongod, name="agent-database")
    restart = Restart(agent, mongod)
    restart.observed()
    wait_until(lambda: accepts(27017, mongod.ip))
    before = agent.metrics()
    with pymongo.MongoClient(mongod.ip) as client:
        client.again.things.insert_one({})
    added = agent.metrics() - before
    assert added.counter("mme_mongo_command_duration_seconds_count", command="insert", database="again") == 1


def test_a_pod_of_kubernetes(servers, upstream, observe):
    """A cgroup as kubelet makes it, several levels deep, given by the pod's own."""
    pod = mount() / f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podmme{time.time_ns():x}.slice"
    container = pod / "cri-containerd-0123456789abcdef.scope"
    top = not (mount() / "kubepods.slice").exists()
    container.mkdir(parents=True)
    path = "/" + str(container.relative_to(mount()))
    try:
        traefik = servers.traefik(
            [Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="pod", cgroup=path, start=False
        )
        traefik.start()
        assert member_of(traefik.pid) == path
        agent = observe(
            config={"targets": {"traefik": [{"cgroup": "/" + str(pod.relative_to(mount()))}], "mongod": []}}
        )
        agent.wait_observing("traefik")
        before, oracle = agent.metrics(), traefik.metrics()
        for _ in range(30):
            assert request(f"{traefik.url}/?status=201&size=5")[0] == 201

        def added(server, since):
            return (server.metrics() - since).by(f"{LEG}_requests_total", "code", "method", entrypoint="web")

        assert added(agent, before) == {("201", "GET"): 30}
        wait_until(lambda: added(traefik, oracle) == {("201", "GET"): 30})
        traefik.stop()
    finally:
        remove_tree(container)
        for directory in (pod, pod.parent, pod.parent.parent)[: 3 if top else 1]:
            if directory.exists():
                directory.rmdir()
