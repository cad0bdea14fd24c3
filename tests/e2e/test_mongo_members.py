"""Real replica sets: who is what in them, and their own traffic apart from that of clients."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from pymongo.errors import AutoReconnect

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import wait_until
from mme_stack.metrics import Metrics
from mongo_lib import DURATION, POLL, QUIET, Oracle, Sent, assert_accounted, totals

REPLICATION = "mme_mongo_replication_duration_seconds"
AWAITED = "mme_mongo_replication_awaited_total"
UNACKNOWLEDGED = "mme_mongo_replication_unacknowledged_total"
INFO = "mme_mongo_member_info"
SET = "orders-set"
COUNT = 500
ROLES = {"PRIMARY": "primary", "SECONDARY": "secondary", "ARBITER": "arbiter"}
WIRE = "messages that came by wire"  # mongod also runs commands of its own
UNDER_WAY = "commands under way"
MEMBERS_ONLY = {"replSetHeartbeat", "replSetUpdatePosition", "replSetRequestVotes", "replSetGetRBID"}


# The primary has secondaries repeat each read; they do not answer.
MIRRORED = ["--setParameter", "mirrorReads={samplingRate: 1.0}"]
# A primary that is asked to end waits 15 s for the others, which end too.
QUICK_END = ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]


class ReplicaSet:
    """Members on ports of one host; the agent sees them from before they are a set."""

    def __init__(self, servers: Stack, members: int, arbiter: bool, args: list[str]) -> None:
        self.mongods = [
            servers.mongod(name=f"member-{n}", replica_set=SET, initiate=False, args=[*QUIET, *QUICK_END, *args])
            for n in range(members)
        ]
        self.agent = servers.agent(self.mongods)
        self.arbiter = self.mongods[-1] if arbiter else None
        self.plain = False  # members do not compress what they say to each other

    def address(self, mongod: Mongod) -> str:
        return f"127.0.0.1:{mongod.port}"

    def initiate(self) -> None:
        members = [
            {"_id": n, "host": self.address(m), "arbiterOnly": m is self.arbiter} for n, m in enumerate(self.mongods)
        ]
        with MongoClient(self.address(self.mongods[0]), directConnection=True, **POLL) as client:
            client.admin.command("replSetInitiate", {"_id": SET, "members": members})
        wait_until(lambda: set(self.states().values()) <= set(ROLES.values()), 60)
        wait_until(lambda: "primary" in self.states().values(), 30)

    def client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        hosts = ",".join(self.address(m) for m in self.mongods if m is not self.arbiter)
        return MongoClient(f"mongodb://{hosts}/?replicaSet={SET}", **options)

    def states(self) -> dict[str, str]:
        """By address, as replSetGetStatus has them: asked of the first member, which is no arbiter."""
        with MongoClient(self.address(self.mongods[0]), directConnection=True, **POLL) as client:
            status = client.admin.command("replSetGetStatus")
        assert status["set"] == SET
        return {m["name"]: ROLES.get(m["stateStr"], m["stateStr"]) for m in status["members"]}

    def info(self) -> dict[str, dict[str, str]]:
        """By address, what the agent says."""
        found = [labels for labels, value in self.agent.metrics().select(INFO) if value == 1]
        assert len({f["target"] for f in found}) == len(found)
        return {f["me"]: f for f in found}

    def roles(self) -> dict[str, str]:
        return {me: labels["role"] for me, labels in self.info().items() if labels["set"] == SET}


@pytest.fixture(scope="module", params=["compressed", "plain"])
def replica_set(stack: Stack, request: pytest.FixtureRequest) -> Iterator[ReplicaSet]:
    """By default members compress what they say to each other."""
    plain = ["--networkMessageCompressors", "disabled"] if request.param == "plain" else []
    with stack.nested() as servers:
        made = ReplicaSet(servers, 2, False, [*MIRRORED, *plain])
        made.plain = bool(plain)
        made.initiate()
        yield made


def test_roles_follow_a_step_down(servers: Stack) -> None:
    replica_set = ReplicaSet(servers, 3, True, [])
    agent = replica_set.agent
    assert "mme_mongo_member_info{" not in agent.get("/metrics")[1].decode()
    assert {t["role"] for t in agent.status()["targets"]} == {""}
    assert "role: not known: no reply to a hello was seen yet" in status_text(agent)
    replica_set.initiate()
    with replica_set.client() as client:
        client.admin.command("ping")
        before = wait_until_seen(replica_set)
        address = next(a for a, role in before.items() if role == "primary")
        begun = time.monotonic()
        step_down(client)
        # who is asked hears of the others by their heartbeats: for a while both may be primary there
        wait_until(lambda: (s := replica_set.states())[address] == "secondary" and "primary" in s.values(), 60)
        elected = time.monotonic()
        after = wait_until_seen(replica_set)
        assert after[address] == "secondary"
        print(f"elected after {elected - begun:.1f} s, seen {time.monotonic() - elected:.1f} s later")
        # an arbiter is asked by those alone that ask it directly
        with MongoClient(replica_set.address(replica_set.mongods[-1]), directConnection=True) as direct:
            direct.admin.command("ping")
            wait_until(lambda: replica_set.roles() == replica_set.states())
        by_name = {t["name"]: t for t in agent.status()["targets"]}
        for labels in replica_set.info().values():
            shown = by_name[labels["target"]]
            assert (shown["role"], shown["replica_set"], shown["me"]) == (labels["role"], SET, labels["me"])
            line = f"role: {labels['role']} of {SET} as {labels['me']}"
            assert line in status_text(agent)
    stopped = next(m for m in replica_set.mongods if replica_set.address(m) == address)
    stopped.stop()
    wait_until(lambda: replica_set.info().keys() == after.keys() - {address})


def wait_until_seen(replica_set: ReplicaSet) -> dict[str, str]:
    """Until the agent has the roles that the members have, but for the arbiter, which has not been asked."""

    def states() -> dict[str, str] | None:
        found = replica_set.states()
        return found if without_arbiter(replica_set.roles()) == without_arbiter(found) else None

    return wait_until(states)


def status_text(agent: Agent) -> str:
    return subprocess.run(agent.status_argv(), capture_output=True, text=True, timeout=30).stdout


def without_arbiter(states: dict[str, str]) -> dict[str, str]:
    return {address: role for address, role in states.items() if role != "arbiter"}


def step_down(client: MongoClient[dict[str, Any]]) -> None:
    with suppress(AutoReconnect):
        client.admin.command("replSetStepDown", 60, secondaryCatchUpPeriodSecs=10)


def test_roles_of_those_without_a_set(servers: Stack, observe: Callable[..., Agent]) -> None:
    alone, uninitiated = servers.mongod(args=QUIET), servers.mongod(replica_set=SET, initiate=False, args=QUIET)
    agent = observe(alone, uninitiated)
    for mongod in (alone, uninitiated):
        with MongoClient("127.0.0.1", mongod.port, directConnection=True) as client:
            client.admin.command("ping")
    expected = {(alone.name, "", "", "standalone"), (uninitiated.name, "", "", "other")}
    wait_until(lambda: set(agent.metrics().by(INFO, "target", "set", "me", "role")) == expected)


def test_an_initial_sync_is_replication(replica_set: ReplicaSet) -> None:
    """Since before there was a set: all that members said to each other, and what made the set."""
    with replica_set.client(**POLL) as client:
        client.shop.orders.with_options(write_concern=WriteConcern(w=2)).insert_one({})
    expected = {("listDatabases", "admin"), ("listCollections", "admin"), ("find", "local")}
    expected |= {(command, "admin") for command in MEMBERS_ONLY}

    def all_seen() -> Metrics | None:
        """Replies that nobody waits for may come after the one that the client was given."""
        metrics = replica_set.agent.metrics()
        handshakes = metrics.counter("mme_mongo_handshakes_total", application="_internal")
        is_complete = metrics.by(f"{REPLICATION}_count", "command", "database").keys() >= expected and handshakes >= 4
        return metrics if is_complete else None

    by_command = wait_until(all_seen).by(f"{DURATION}_count", "command")
    assert (
        not {(c,) for c in (*MEMBERS_ONLY, "listDatabases", "listCollections", "dbStats", "find")} & by_command.keys()
    )


class Balance:
    """mongods' own counts of all members against the agent's, since one moment."""

    def __init__(self, replica_set: ReplicaSet) -> None:
        self.replica_set = replica_set
        self.oracles = [Oracle(m) for m in replica_set.mongods]
        self.before, self.metrics_before = wait_until(self.settled, 30)

    def statuses(self) -> Counter[str]:
        """And how many commands are under way, each of which mongod has counted and the agent has not."""
        counts: Counter[str] = Counter()
        for oracle in self.oracles:
            status = oracle.status()
            counts.update({n.lower(): c for n, c in totals(status).items()})
            counts[WIRE] += int(status["network"]["numRequests"])
            counts[UNDER_WAY] += int(status["connections"]["active"])
        return counts

    def settled(self) -> tuple[Counter[str], Metrics] | None:
        """Nothing was counted between two statuses, but what asks for them; and nothing but these is under way, and the
        getMore by which the secondary waits for the next write."""
        first = self.statuses()
        metrics = self.replica_set.agent.metrics()
        second = self.statuses()
        asked = Counter({"serverstatus": len(self.oracles), WIRE: len(self.oracles)})
        under_way = len(self.oracles) + 1
        is_settled = second - first == asked and first[UNDER_WAY] == second[UNDER_WAY] == under_way
        return (second, metrics) if is_settled else None

    def added(self) -> tuple[dict[str, int], Metrics]:
        after, metrics = wait_until(self.settled, 30)
        mongod = {n: after[n] - self.before[n] for n in after if after[n] != self.before[n]}
        return mongod, metrics - self.metrics_before

    def close(self) -> None:
        for oracle in self.oracles:
            oracle.close()


def counted(added: Metrics, family: str, *others: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for name in (f"{family}_count", *others):
        for (command,), value in added.by(name, "command").items():
            sums[command.lower()] += int(value)
    return sums


def test_replication_is_apart_from_clients(replica_set: ReplicaSet) -> None:
    balance, sent = Balance(replica_set), Sent()
    with replica_set.client(event_listeners=[sent], appname="shop", **POLL) as client:
        acknowledged = client.shop.orders.with_options(write_concern=WriteConcern(w=2))
        for n in range(COUNT):
            acknowledged.insert_one({"n": n})
            assert acknowledged.find_one({"n": n})
        assert len(list(client.local["oplog.rs"].find({}, batch_size=100))) >= COUNT  # a client's

    def heartbeats(metrics: Metrics) -> float:
        return metrics.counter(f"{REPLICATION}_count", command="replSetHeartbeat")

    wait_until(lambda: heartbeats(replica_set.agent.metrics()) > heartbeats(balance.metrics_before))
    mongods, added = balance.added()
    balance.close()
    assert_accounted(added)
    assert added.by("mme_agent_messages_skipped_total", "reason", protocol="mongo") == {}
    clients = counted(added, DURATION, "mme_mongo_awaited_total", "mme_mongo_unacknowledged_total")
    members = counted(added, REPLICATION, AWAITED, UNACKNOWLEDGED)
    for command, count in sent.by_command.items():
        if command != "ismaster":
            assert clients[command.lower()] == count, command
    ours = clients + members
    print("clients", dict(clients), "members", dict(members), "mongod's", mongods)
    # a compressed request that wants no reply is told with the next one of its connection, or its end
    held = 0 if replica_set.plain else 2
    assert abs(ours.total() - mongods.pop(WIRE)) <= held
    its_own = Counter(mongods) - ours
    assert its_own.keys() <= {"find"} and its_own.total() < COUNT / 50
    assert (ours - Counter(mongods)).total() <= held
    assert (
        members["getmore"] >= COUNT / 50 and members["replsetheartbeat"] >= 1 and members["replsetupdateposition"] >= 1
    )
    assert added.counter(AWAITED, command="getMore") == members["getmore"]
    assert COUNT - held <= added.counter(UNACKNOWLEDGED, command="find") < COUNT * 1.02  # some are of the primary's own
    assert added.counter("mme_mongo_unacknowledged_total") == 0
    assert not {c.lower() for c in MEMBERS_ONLY} & clients.keys()
    assert clients["getmore"] == sent.by_command["getMore"] >= COUNT / 100


def test_connections_of_members(replica_set: ReplicaSet) -> None:
    agent = replica_set.agent

    def opened(application: str) -> float:
        return agent.metrics().counter("mme_mongo_client_connections", application=application, state="open")

    with replica_set.client(appname="shop") as client:
        client.admin.command("ping")
        wait_until(lambda: opened("shop") >= 3)
        wait_until(lambda: opened("_internal") >= 3 and opened("") == 0)
    wait_until(lambda: opened("shop") == 0 and opened("_internal") >= 3)
