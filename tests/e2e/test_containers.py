"""Real Docker containers in network namespaces of their own, and Kubernetes' cgroups."""

import time

import pymongo
import pytest

from lib.oracle import LEG, assert_accounting
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
        wait_until(lambda: status_of(f"http://{traefik.ip}/") == 200, timeout=30)
        yield traefik


@pytest.fixture(scope="module")
def mongod(dockerd):
    with dockerd.nested():
        mongod = dockerd.run(get("mongod"), ["--dbpath=/data", "--bind_ip=0.0.0.0"], name="database")
        wait_until(lambda: accepts(27017, mongod.ip), timeout=30)
        yield mongod


def test_discovered_and_counted(observe, traefik):
    agent = observe(traefik, name="agent-containers")
    before, oracle = agent.metrics(), Metrics.scrape(f"http://{traefik.ip}:8080/metrics")
    for status in (200, 201, 404):
        for _ in range(20):
            assert request(f"http://{traefik.ip}/?status={status}&size=10")[0] == status
    ours = (agent.metrics() - before).by(f"{LEG}_requests_total", "code", "method")
    theirs = Metrics.scrape(f"http://{traefik.ip}:8080/metrics") - oracle
    expected = theirs.by(f"{LEG}_requests_total", "code", "method", entrypoint="web")
    assert expected == {(str(c), "GET"): 20 for c in (200, 201, 404)}
    scrapes = {("200", "GET"): 1.0}  # of Traefik's own metrics, on its entrypoint :8080, while we counted
    assert {k: v - scrapes.get(k, 0) for k, v in ours.items()} == expected
    assert_accounting(agent.metrics())


def test_names_from_docker_follow_the_containers(observe, dockerd, traefik):
    """A container is replaced under load: every request is counted, and for the service that Traefik counts it for."""
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
    counted = {}  # Traefik forgets what is gone
    for service in ("mme-tagging-a", "mme-tagging-b"):
        container = start(service)
        wait_until(lambda: request(url)[0] == 202 and theirs().get((f"{service}@docker",), 0) >= 25, timeout=30)  # noqa: B023
        counted |= theirs()
        dockerd.docker("rm", "-f", container.id)
    wait_until(lambda: by_service(agent.metrics() - before) == counted, timeout=5)
    assert {("mme-tagging-a@docker",), ("mme-tagging-b@docker",)} <= set(counted)


def test_the_api_is_asked_in_the_containers_network(observe, dockerd, traefik):  # noqa: ARG001 -- its upstream runs
    arguments = ["--entrypoints.web.address=:80", "--providers.docker=true", "--api.insecure=true"]
    socket = ["-v", f"{dockerd.socket}:/var/run/docker.sock"]
    other = dockerd.run(get("traefik"), arguments, name="with-api", options=socket)
    try:
        agent = observe(other, name="agent-api")

        def sources():
            return {n["name"]: n["source"] for t in agent.status()["targets"] for n in t["names"]}

        wait_until(lambda: sources().get("mme-tagging@docker", "").startswith("api http://127.0.0.1:8080/"))
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


def test_the_first_seconds_after_a_restart_count(observe, traefik):
    """docker restart: a new process, a new cgroup of the same path, a new namespace. Every request that is answered
    is counted, from the first on that the agent could see: within 2 s of the new process."""
    agent = observe(traefik, name="agent-restart")
    before = agent.metrics()
    traefik.restart()
    began = time.monotonic()
    made, after_two_seconds = [], 0
    while time.monotonic() < began + 4:
        if status_of(f"http://{traefik.ip}/?status=202", timeout=2) == 202:
            made.append(time.monotonic() - began)
        time.sleep(0.02)
    ours = (agent.metrics() - before).counter(f"{LEG}_requests_total", code="202")
    after_two_seconds = sum(t > 2 for t in made)
    assert after_two_seconds, "Traefik did not answer in time for this test"
    assert after_two_seconds <= ours <= len(made)
    missed = len(made) - ours
    print(f"first answer {made[0]:.2f} s after the restart, {missed:.0f} of {len(made)} not seen")
    assert missed == 0, f"{missed} requests before {made[int(missed)]:.2f} s were not seen"
    assert_accounting(agent.metrics())


def test_mongod_is_observed_again_within_two_seconds(observe, mongod):
    agent = observe(mongod, name="agent-database")
    mongod.restart()
    wait_until(lambda: accepts(27017, mongod.ip), interval=0.01)
    wait_until(
        lambda: any(t["up"] and t["pid"] == mongod.pid for t in agent.status()["targets"]), timeout=2, interval=0.02
    )
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
        entrypoint = "web"
        before, oracle = agent.metrics(), traefik.metrics()
        for _ in range(30):
            assert request(f"{traefik.url}/?status=201&size=5")[0] == 201
        ours = (agent.metrics() - before).by(f"{LEG}_requests_total", "code", "method", entrypoint=entrypoint)
        theirs = (traefik.metrics() - oracle).by(f"{LEG}_requests_total", "code", "method", entrypoint="web")
        assert ours == theirs == {("201", "GET"): 30}
        traefik.stop()
    finally:
        remove_tree(container)
        for directory in (pod, pod.parent, pod.parent.parent)[: 3 if top else 1]:
            if directory.exists():
                directory.rmdir()
