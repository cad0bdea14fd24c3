"""What mongod says of itself (serverStatus by libmongoc) against Percona's mongodb_exporter, and what happens when
mongod does not answer."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from mme_stack import Agent, Metrics, Mongod, MongodbExporter, Stack
from mme_stack.fetch import request, wait_until
from mme_stack.metrics import counter
from mongo_lib import QUIET, asking

PART = "/metrics/mongodb"
ANSWER_WITHIN = 1  # seconds, which a scrape waits for mongod
WITHIN = 10  # seconds: the machine may be busy; Prometheus gives a scrape so long
USER, PASSWORD = "planted-user", "planted-secret-7f3a"
MONITOR = {"role": "clusterMonitor", "db": "admin"}

# Gauges: what they show moves, also by who asks. A question is itself an active connection; mongodb_exporter shows what
# mongod last asked itself.
MOVING = {
    "mongodb_ss_connections": 1,
    "mongodb_ss_globalLock_activeClients_readers": 2,
    "mongodb_ss_globalLock_activeClients_total": 2,
    "mongodb_ss_globalLock_activeClients_writers": 2,
    "mongodb_ss_mem_resident": 8,
    "mongodb_ss_mem_virtual": 64,
    "mongodb_ss_metrics_cursor_open": 1,
    "mongodb_ss_network_serviceExecutors_fixed_threadsRunning": 1,
    "mongodb_ss_network_serviceExecutors_passthrough_clientsInTotal": 1,
    "mongodb_ss_network_serviceExecutors_passthrough_clientsRunning": 1,
    "mongodb_ss_network_serviceExecutors_passthrough_clientsWaitingForData": 1,
    "mongodb_ss_network_serviceExecutors_passthrough_threadsRunning": 1,
    "mongodb_ss_wt_cache_bytes_currently_in_the_cache": 1 << 20,
    "mongodb_ss_wt_cache_tracked_dirty_bytes_in_the_cache": 1 << 20,
    "mongodb_ss_wt_concurrentTransactions_available": 2,
    "mongodb_ss_wt_concurrentTransactions_out": 2,
}


def start(servers: Stack, *targets: dict[str, Any], **kwargs: Any) -> Agent:
    return servers.agent(config={"targets": {"traefik": [], "mongod": list(targets)}}, **kwargs)


def up(agent: Agent) -> float:
    return agent.metrics(PART).value("mongodb_up")


def answered(agent: Agent, mongods: int = 1) -> Metrics:
    """A scrape in which so many answered in time, which on a busy machine not each one is."""

    def scrape() -> Metrics | None:
        metrics = agent.metrics(PART)
        return metrics if metrics.counter("mongodb_up") == mongods else None

    return wait_until(scrape)


def up_at_once(agent: Agent) -> bool:
    """Whether the first scrape that did not wait in vain for an answer has one."""
    while True:
        taken, metrics = timed(agent)
        if metrics.value("mongodb_up") == 1:
            return True
        if taken < 0.9 * ANSWER_WITHIN:
            return False


def wait_for_server_status(agent: Agent, *said: str) -> None:
    wait_until(lambda: all(text in agent.status()["targets"][0]["server_status"] for text in said))


def timed(agent: Agent, path: str = PART) -> tuple[float, Metrics]:
    begun = time.monotonic()
    metrics = agent.metrics(path)
    return time.monotonic() - begun, metrics


def mongodb_series(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {key: value for key, value in metrics.samples.items() if key[0].startswith("mongodb_")}


def types(url: str) -> dict[str, str]:
    text = request(url)[1].decode()
    return dict(re.findall(r"^# TYPE (mongodb_\S+) (\S+)$", text, re.MULTILINE))


def some_work(mongod: Mongod) -> None:
    with mongod.client() as client:
        items = client.mme.items
        items.insert_many([{"_id": i, "n": i} for i in range(500)])
        list(items.find({"n": {"$gt": 3}}, batch_size=50))
        items.update_many({}, {"$inc": {"n": 1}})
        items.delete_many({"n": {"$lt": 100}})
        with pytest.raises(OperationFailure):
            client.mme.command("noSuchCommand")


def with_users(mongod: Mongod, roles: list[dict[str, str]]) -> None:
    """The first user by the localhost exception, and the one that the agent is."""
    with mongod.client() as client:
        client.admin.command("createUser", "root", pwd="root-password", roles=["root"])
    with mongod.client(username="root", password="root-password") as client:
        client.admin.command("createUser", USER, pwd=PASSWORD, roles=roles)


def uri(mongod: Mongod, password: str = PASSWORD, options: str = "") -> str:
    return f"mongodb://{USER}:{password}@127.0.0.1:{mongod.port}/?authSource=admin{options}"


@pytest.fixture(scope="module", params=["standalone", "replica set"])
def compared(request: pytest.FixtureRequest, stack: Stack) -> Iterator[tuple[Mongod, Agent, MongodbExporter]]:
    with stack.nested() as inner:
        replica_set = "rs-e2e" if request.param == "replica set" else None
        mongod = inner.mongod(replica_set=replica_set, diagnostics=True, args=QUIET)
        agent = start(inner, asking(mongod, mongod.directory))
        exporter = inner.mongodb_exporter(f"mongodb://127.0.0.1:{mongod.port}/")
        some_work(mongod)
        answered(agent)
        exporter.metrics()
        yield mongod, agent, exporter


def looked_at_itself(exporter: MongodbExporter, since: float) -> Metrics | None:
    """What mongod last asked itself, if that was since this time of its life, in milliseconds."""
    metrics = exporter.metrics()
    return metrics if metrics.counter("mongodb_ss_uptimeMillis") >= since else None


def test_names_labels_and_values_are_those_of_mongodb_exporter(
    compared: tuple[Mongod, Agent, MongodbExporter],
) -> None:
    _, agent, exporter = compared
    before = mongodb_series(answered(agent))
    since = answered(agent).value("mongodb_ss_uptimeMillis")
    theirs = mongodb_series(wait_until(lambda: looked_at_itself(exporter, since)))
    after = mongodb_series(answered(agent))
    assert before.keys() == after.keys()
    assert len(before) > 140

    ours = {name for name, _ in before}
    assert {key for key in theirs if key[0] in ours} == before.keys()
    wrong, equal = [], 0
    for key, low in before.items():
        high, their = after[key], theirs[key]
        allowance = MOVING.get(key[0], 0)
        equal += low == their == high
        if not min(low, high) - allowance <= their <= max(low, high) + allowance:
            wrong.append((key, low, their, high))
    assert not wrong, wrong
    assert equal > 0.6 * len(before), f"only {equal} of {len(before)} were exactly equal"

    our_types, their_types = types(agent.url + PART), types(exporter.url + "/metrics")
    assert len(our_types) > 90
    assert our_types == {name: their_types[name] for name in our_types}


def test_labels_of_a_member(compared: tuple[Mongod, Agent, MongodbExporter]) -> None:
    mongod, agent, _ = compared
    [(labels, uptime)] = answered(agent).select("mongodb_ss_uptime")
    assert uptime >= 0
    if mongod.replica_set:
        assert (labels["rs_nm"], labels["rs_state"], labels["cl_role"]) == ("rs-e2e", "1", "")
        assert re.fullmatch("[0-9a-f]{24}", labels["cl_id"])
    else:
        assert labels == {"cl_role": "", "cl_id": ""}


def test_the_question_is_quiet_and_named(compared: tuple[Mongod, Agent, MongodbExporter]) -> None:
    """One command a scrape (and one more on a member), on one connection with the agent's name."""
    mongod, agent, _ = compared
    answered(agent)
    before = answered(agent)
    for _ in range(10):
        answered(agent)
    added = (answered(agent) - before).by("mme_mongo_command_duration_seconds_count", "command", database="admin")
    assert added[("serverStatus",)] >= 10
    members = 10 if mongod.replica_set else 0
    assert added.get(("replSetGetStatus",), 0) >= members
    assert added.keys() <= {("serverStatus",), ("replSetGetStatus",), ("hello",), ("isMaster",), ("ping",)}
    with mongod.client() as client:
        operations = client.admin.aggregate([{"$currentOp": {"allUsers": True, "idleConnections": True}}])
        assert [o for o in operations if o.get("appName") == "mme-agent"]


def test_the_parts(compared: tuple[Mongod, Agent, MongodbExporter]) -> None:
    _, agent, _ = compared
    part = {name for name in answered(agent).names() if name.startswith("mongodb_")}
    everything = wait_until(lambda: (m := agent.metrics("/metrics")).counter("mongodb_up") == 1 and m).names()
    assert part == {name for name in everything if name.startswith("mongodb_")}
    assert not {name for name in agent.metrics("/metrics/traefik").names() if name.startswith("mongodb_")}


def test_without_a_uri_nothing_is_faked(servers: Stack) -> None:
    mongod = servers.mongod(args=QUIET)
    agent = start(servers, mongod.target())
    agent.wait_observing("mongod")
    assert not mongodb_series(agent.metrics())
    [target] = agent.status()["targets"]
    assert target["server_status"] == "not asked: the target has neither uri_file nor uri_env"
    assert "serverStatus: not asked" in subprocess.run(agent.status_argv(), capture_output=True, text=True).stdout


@pytest.fixture
def guarded(servers: Stack) -> Mongod:
    """A mongod that wants to know who asks, with a user who may."""
    mongod = servers.mongod(args=[*QUIET, "--auth"])
    with_users(mongod, [MONITOR])
    return mongod


def reloads(agent: Agent) -> int:
    log = agent.log.read_text()
    return log.count("configuration read") + log.count("configuration refused")


def reload(agent: Agent) -> None:
    before = reloads(agent)
    os.kill(agent.pid, signal.SIGHUP)
    wait_until(lambda: reloads(agent) > before)


def test_the_least_role_is_enough_from_file_and_environment(guarded: Mongod, servers: Stack) -> None:
    agent = start(servers, asking(guarded, guarded.directory, uri(guarded)), name="by-file")
    assert counter(answered(agent), "mongodb_ss_connections", conn_type="current") > 0
    by_name = start(servers, {**guarded.target(), "uri_env": "TEST_URI"}, name="by-env", env={"TEST_URI": uri(guarded)})
    wait_until(lambda: up(by_name) == 1)


def test_a_wrong_password_and_its_mend(guarded: Mongod, servers: Stack) -> None:
    target = asking(guarded, guarded.directory, uri(guarded, "planted-wrong"))
    agent = start(servers, target)
    agent.wait_observing("mongod")
    taken, metrics = timed(agent)
    assert metrics.value("mongodb_up") == 0 and taken < WITHIN
    assert {name for name, _ in mongodb_series(metrics)} == {"mongodb_up"}
    wait_for_server_status(agent, "authentication failed", "authSource")

    def doctor() -> str:
        return agent.cli("doctor", "--config.file", str(agent.config_file), check=False).stdout

    wait_until(
        lambda: f"serverStatus 127.0.0.1:{guarded.port}" in (said := doctor()) and "authentication failed" in said
    )
    Path(target["uri_file"]).write_text(uri(guarded))
    reload(agent)
    wait_until(lambda: up(agent) == 1)
    wait_until(lambda: agent.status()["targets"][0]["server_status"].endswith("answers"))


def test_a_role_that_is_missing_and_granted(servers: Stack) -> None:
    mongod = servers.mongod(args=[*QUIET, "--auth"])
    with_users(mongod, [{"role": "read", "db": "mme"}])
    agent = start(servers, asking(mongod, mongod.directory, uri(mongod)))
    agent.wait_observing("mongod")
    assert up(agent) == 0
    wait_for_server_status(agent, "not authorized", "clusterMonitor")
    with mongod.client(username="root", password="root-password") as client:
        client.admin.command("grantRolesToUser", USER, roles=[MONITOR])
    wait_until(lambda: up(agent) == 1)


def test_refused_and_restarted(guarded: Mongod, servers: Stack) -> None:
    agent = start(servers, asking(guarded, guarded.directory, uri(guarded)))
    wait_until(lambda: up(agent) == 1)
    for _ in range(2):
        guarded.stop()
        taken, metrics = timed(agent)
        assert metrics.value("mongodb_up") == 0 and taken < WITHIN
        assert {name for name, _ in mongodb_series(metrics)} == {"mongodb_up"}
        wait_until(lambda: any("connection refused" in note for note in agent.status()["notes"]))
        guarded.start()
        assert up_at_once(agent)
    guarded.restart()
    assert up_at_once(agent)  # also where no scrape saw it down


def test_a_mongod_that_was_never_there(guarded: Mongod, servers: Stack) -> None:
    guarded.stop()
    target = asking(guarded, guarded.directory, uri(guarded))
    agent = start(servers, target, wait_path="/-/healthy")
    assert up(agent) == 0
    guarded.start()
    wait_until(lambda: up(agent) == 1)


def test_thirty_seconds_without_an_answer(guarded: Mongod, servers: Stack) -> None:
    """The scrape goes on, with everything else; and so do the values of another mongod."""
    other = servers.mongod(name="other", args=QUIET)
    stalled = asking(guarded, guarded.directory, uri(guarded))
    agent = start(servers, stalled, asking(other, other.directory))
    answered(agent, 2)
    os.kill(guarded.pid, signal.SIGSTOP)
    try:
        until, finds, slowest, others = time.monotonic() + 30, 0, 0.0, 0
        found = agent.metrics(PART).counter("mme_mongo_command_duration_seconds_count", command="find")
        with other.client() as client:
            while time.monotonic() < until:
                client.mme.items.find_one()
                finds += 1
                taken, metrics = timed(agent)
                slowest = max(slowest, taken)
                assert metrics.value("mongodb_up", target=guarded.name) == 0
                other_is_up = metrics.value("mongodb_up", target="other")  # where the machine let it answer in time
                others += other_is_up
                assert not list(metrics.select("mongodb_ss_uptime", target=guarded.name))
                assert len(list(metrics.select("mongodb_ss_uptime", target="other"))) == other_is_up
                counted = metrics.counter("mme_mongo_command_duration_seconds_count", command="find") - found
                assert counted == finds
                assert metrics.by("mme_agent_target_up", "name") == {(guarded.name,): 1, ("other",): 1}
        assert slowest < WITHIN
        assert others > finds / 2
        assert "no answer" in " ".join(agent.status()["notes"])
        # Who does not ask for them does not wait for them: who does has always waited that long.
        wait_until(lambda: timed(agent, "/metrics/traefik")[0] < 0.9 * ANSWER_WITHIN)
        assert agent.get("/-/ready")[0] == 200
    finally:
        os.kill(guarded.pid, signal.SIGCONT)
    wait_until(lambda: agent.metrics(PART).value("mongodb_up", target=guarded.name) == 1)


def test_many_scrapes_at_once_of_one_that_does_not_answer(guarded: Mongod, servers: Stack) -> None:
    agent = start(servers, asking(guarded, guarded.directory, uri(guarded)))
    wait_until(lambda: up(agent) == 1)
    os.kill(guarded.pid, signal.SIGSTOP)
    taken: list[float] = []
    try:
        scrapes = [threading.Thread(target=lambda: taken.append(timed(agent)[0])) for _ in range(4)]
        for scrape in scrapes:
            scrape.start()
        for scrape in scrapes:
            scrape.join()
    finally:
        os.kill(guarded.pid, signal.SIGCONT)
    assert len(taken) == 4 and max(taken) < WITHIN


def test_two_mongods_are_told_apart(servers: Stack) -> None:
    one, two = servers.mongod(name="one", args=QUIET), servers.mongod(name="two", args=QUIET)
    agent = start(servers, asking(one, one.directory), asking(two, two.directory))
    metrics = answered(agent, 2)  # refuses series that are there twice
    assert all("target" in dict(labels) for (_, labels) in mongodb_series(metrics))
    per_target = metrics.by("mongodb_ss_wt_concurrentTransactions_totalTickets", "target", txn_rw="read")
    assert per_target == {("one",): 128, ("two",): 128}
    agent.write_config({"targets": {"traefik": [], "mongod": [asking(one, one.directory), two.target()]}})
    reload(agent)
    assert not [1 for (_, labels) in mongodb_series(answered(agent)) if "target" in dict(labels)]


def certificates(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and the same with its key."""
    certificate, both = directory / "ca.pem", directory / "server.pem"
    key = directory / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*argv, *subject], check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return certificate, both


def test_tls(servers: Stack, tmp_path: Path) -> None:
    certificate, both = certificates(tmp_path)
    mongod = servers.mongod(args=[*QUIET, "--auth", "--tlsMode", "preferTLS", "--tlsCertificateKeyFile", str(both)])
    with_users(mongod, [MONITOR])
    target = asking(mongod, mongod.directory, uri(mongod, options=f"&tls=true&tlsCAFile={certificate}"))
    agent = start(servers, target)
    wait_until(lambda: up(agent) == 1)
    Path(target["uri_file"]).write_text(
        uri(mongod, options="&tls=true")
    )  # whom the system trusts does not vouch for it
    reload(agent)
    wait_for_server_status(agent, "TLS options")
    assert up(agent) == 0


def everything_said(agent: Agent) -> str:
    config = str(agent.config_file)
    said = [agent.get(path)[1].decode() for path in ("/", "/metrics", PART, "/api/v1/status", "/-/ready")]
    for argv in (["doctor"], ["doctor", "--json"], ["run", "--config.check"]):
        done = agent.cli(*argv, "--config.file", config, check=False)
        said += [done.stdout, done.stderr]
    done = subprocess.run(agent.status_argv(), capture_output=True, text=True, timeout=30)
    said += [done.stdout, done.stderr, agent.log.read_text(), Path(f"/proc/{agent.pid}/cmdline").read_text()]
    return "\n".join(said)


@pytest.fixture
def secrets_kept() -> Callable[[Agent], None]:
    def check(agent: Agent) -> None:
        said = everything_said(agent)
        for secret in ("planted", PASSWORD, USER):
            assert secret not in said, [line for line in said.splitlines() if secret in line][:5]

    return check


def test_credentials_are_nowhere(guarded: Mongod, servers: Stack, secrets_kept: Callable[[Agent], None]) -> None:
    target = asking(guarded, guarded.directory, uri(guarded))
    file = Path(target["uri_file"])
    file.chmod(0o644)
    agent = start(servers, target)
    wait_until(lambda: up(agent) == 1)
    secrets_kept(agent)
    assert "every user may read it" in agent.log.read_text()
    for wrong in (
        uri(guarded, "planted-wrong"),
        uri(guarded, options="&planted=planted"),
        uri(guarded, options="&tls=planted"),
        f"mongodb://{USER}:planted?{PASSWORD}@127.0.0.1/",
        f"mongodb://{USER}:{PASSWORD}@127.0.0.1:99999/",
        f"mongodb://{USER}:{PASSWORD}@127.0.0.1:1/",
        f"mongodb://{USER}:{PASSWORD}@host.invalid/",
        f"{USER}:{PASSWORD}",
    ):
        file.write_text(wrong)
        reload(agent)
        secrets_kept(agent)
    guarded.stop()
    secrets_kept(agent)
    file.unlink()
    reload(agent)
    assert agent.metrics().value("mme_agent_config_last_reload_successful") == 0
    secrets_kept(agent)


def test_what_is_refused_has_its_line(servers: Stack, tmp_path: Path) -> None:
    mongod = servers.mongod(args=QUIET)
    target = asking(mongod, tmp_path)
    agent = start(servers, target, start=False)
    assert agent.config_file
    Path(target["uri_file"]).write_text("")
    done = agent.cli("run", "--config.check", "--config.file", str(agent.config_file), check=False)
    assert done.returncode == 2
    line = next(
        n
        for n, text in enumerate(agent.config_file.read_text().splitlines(), 1)
        if text.lstrip(" -").startswith("uri_file")
    )
    where = re.escape(f"{agent.config_file}:{line}:") + r"\d+: targets\.mongod\[0\]\.uri_file: the file .* is empty"
    assert re.search(where, done.stderr), done.stderr
