"""What the library promises: own cgroups, restarts as the same server, nothing left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mme_stack import Route, Stack, cgroups
from mme_stack.fetch import request, wait_until
from mme_stack.metrics import Metrics
from mme_stack.paths import REPO
from mme_stack.ports import accepts


@pytest.fixture(scope="module")
def stack():
    with Stack() as stack:
        yield stack


def test_server_lives_in_its_own_cgroup_and_restarts_as_itself(stack):
    upstream = stack.upstream()
    port, pid = upstream.port, upstream.pid
    assert cgroups.member_of(pid) == upstream.cgroup.name == f"/mme-stack/{os.getpid()}/upstream"

    upstream.restart()

    assert (upstream.port, cgroups.member_of(upstream.pid)) == (port, upstream.cgroup.name)
    assert upstream.pid != pid


def test_existing_cgroup_is_left_alone(stack):
    with stack.nested() as inner:
        upstream = inner.upstream(cgroup="/")
        assert cgroups.member_of(upstream.pid) == "/"
    assert not upstream.running
    assert cgroups.mount().exists()


def test_mme_promotes_and_keeps_tenants_apart(stack):
    mme = stack.mme(stack.mongod())
    promoted = request(f"{mme.url}/promote", method="POST", headers={"X-Tenant-ID": "tenant-b"}, body=b"{}")
    listed = request(f"{mme.url}/memories?limit=5", headers={"X-Tenant-ID": "tenant-b"})
    assert (promoted[0], listed[0]) == (200, 200)
    assert listed[1].count(b'"tenantId":"tenant-b"') == 5
    assert b"tenant-a" not in promoted[1] + listed[1]
    assert request(f"{mme.url}/memories")[0] == 400
    assert request(f"{mme.url}/promote?fail=503", method="POST", headers={"X-Tenant-ID": "tenant-a"})[0] == 503
    assert request(f"{mme.url}/promote?collide=1", method="POST", headers={"X-Tenant-ID": "tenant-a"})[0] == 409


def test_command_totals_follow_the_driver(stack):
    mongod = stack.mongod(name="counted")
    with mongod.client() as client:
        client.mme.things.insert_one({"_id": 1})
        before = mongod.command_totals()
        for _ in range(7):
            client.mme.things.find_one({"_id": 1})
        after = mongod.command_totals()
    assert after["find"] - before.get("find", 0) == 7


def test_replica_set_has_transactions(stack):
    mongod = stack.mongod(name="set", replica_set="rs0")
    with mongod.client() as client, client.start_session() as session, session.start_transaction():
        client.mme.things.insert_one({"_id": 1}, session=session)


def test_new_routes_are_taken_up(stack):
    first, second = stack.upstream(name="first"), stack.upstream(name="second")
    traefik = stack.traefik([Route("PathPrefix(`/`)", [first.url])])
    assert list(traefik.ports) == ["web"]
    traefik.set_routes([Route("PathPrefix(`/only`)", [second.url], service="other")])
    wait_until(lambda: request(f"{traefik.url}/elsewhere")[0] == 404)
    served = second.count()["requests"].get("GET", 0)
    assert request(f"{traefik.url}/only")[0] == 200
    assert second.count()["requests"]["GET"] == served + 1


def test_metrics_arithmetic():
    earlier = Metrics.parse('a_total{x="1"} 2\n')
    later = Metrics.parse(
        'a_total{x="1"} 5\na_total{x="2"} 1\n'
        'h_bucket{le="0.1"} 50\nh_bucket{le="0.3"} 90\nh_bucket{le="+Inf"} 100\nh_sum 9\nh_count 100\n'
    )
    delta = later - earlier
    assert delta.counter("a_total") == 4
    assert delta.by("a_total", "x") == {("1",): 3, ("2",): 1}
    assert later.value("a_total", x="2") == 1
    assert later.buckets("h")[0.3] == 90
    assert later.quantile(0.5, "h") == pytest.approx(0.1)
    assert later.quantile(0.95, "h") == 0.3


KILLED = """
import os, sys, time
from mme_stack import Stack
from mme_stack.stack import end_on_sigterm
end_on_sigterm()
with Stack() as stack:
    u = stack.upstream()
    print(u.port, u.pid, u.cgroup.path, stack.directory, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_behind(number):
    environment = {**os.environ, "PYTHONPATH": str(REPO / "tests/stack")}
    session = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    port, pid, cgroup, directory = session.stdout.readline().split()
    assert accepts(int(port))

    session.send_signal(number)
    session.wait(60)

    wait_until(lambda: not Path("/proc", pid).exists())
    assert not accepts(int(port))
    with Stack():  # the next session takes away what a SIGKILL left
        assert not Path(cgroup).exists()
        assert not Path(directory).exists()
