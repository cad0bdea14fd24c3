"""Traefik with its Docker provider, an upstream and mongod in containers of the tests' own engine."""

import pymongo
import pytest

from mme_stack import Stack
from mme_stack.fetch import status_of, wait_until
from mme_stack.metrics import Metrics
from mme_stack.paths import get


@pytest.fixture(scope="module")
def engine():
    with Stack() as stack:
        yield stack.dockerd()


def test_traefik_names_the_service_by_its_label(engine):
    labels = {
        "traefik.http.routers.all.rule": "PathPrefix(`/`)",
        "traefik.http.routers.all.service": "mme-tagging",
        "traefik.http.services.mme-tagging.loadbalancer.server.port": "80",
    }
    engine.run(get("upstream"), ["-listen", ":80"], name="tagging", labels=labels)
    arguments = ["--providers.docker=true", "--entrypoints.web.address=:80", "--metrics.prometheus=true"]
    sock = ["-v", f"{engine.socket}:/var/run/docker.sock"]
    traefik = engine.run(get("traefik"), arguments, name="traefik", options=sock)
    wait_until(lambda: status_of(f"http://{traefik.ip}/") == 200, timeout=60)

    def services():
        return Metrics.scrape(f"http://{traefik.ip}:8080/metrics").by("traefik_service_requests_total", "service")

    wait_until(lambda: ("mme-tagging@docker",) in services())


def test_restarted_container_is_a_new_process_in_the_same_place(engine):
    mongod = engine.run(get("mongod"), ["--dbpath=/data", "--bind_ip=0.0.0.0"], name="mongod")
    before = mongod.pid
    assert mongod.cgroup == f"/docker/{mongod.id}"
    with pymongo.MongoClient(mongod.ip) as client:
        assert client.admin.command("ping")["ok"] == 1

    mongod.restart()

    assert mongod.pid != before
    assert mongod.cgroup == f"/docker/{mongod.id}"
    with pymongo.MongoClient(mongod.ip) as client:
        assert client.admin.command("ping")["ok"] == 1
