"""Replies that mongod holds back by design are counted apart and are in no histogram."""

import threading
from collections.abc import Callable

import pytest
from pymongo import CursorType, monitoring

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import DURATION, POLL, QUIET, Counting, Counts, Sent, assert_accounted

AWAITED = "mme_mongo_awaited_total"
HELLOS = ("hello", "isMaster")


@pytest.fixture(scope="module")
def replica_set(stack: Stack) -> Mongod:
    return stack.mongod(name="replicated-mongod", replica_set="rs0", args=QUIET)


class Heartbeats(monitoring.ServerHeartbeatListener):
    """How many replies to awaited hellos a client was given."""

    def __init__(self) -> None:
        self.awaited = 0

    def started(self, event: monitoring.ServerHeartbeatStartedEvent) -> None: ...

    def succeeded(self, event: monitoring.ServerHeartbeatSucceededEvent) -> None:
        self.awaited += event.awaited

    def failed(self, event: monitoring.ServerHeartbeatFailedEvent) -> None: ...


def assert_hellos(counts: Counts, clients: int, awaited: int) -> None:
    """All that the clients were given are counted apart, and none of them in the histogram too. mongod counts an
    awaited hello when it begins; one a client is under way, and never answered, at the close."""
    assert_accounted(counts.added)
    assert counts.added.counter(AWAITED) >= awaited
    ours, expected = counts.ours(), dict(counts.expected)
    in_flight = sum(expected.pop(c.lower(), 0) - ours.pop(c.lower(), 0) for c in HELLOS)
    assert 0 <= in_flight <= clients
    assert ours == expected


def test_streamed_hello_of_pymongo(mongod: Mongod, counting: Counting) -> None:
    heartbeats = Heartbeats()
    with counting() as counts, mongod.client(heartbeatFrequencyMS=500, event_listeners=[heartbeats]) as client:
        client.admin.command("ping")
        wait_until(lambda: heartbeats.awaited >= 4, 60)
    assert_hellos(counts, clients=1, awaited=heartbeats.awaited)


def test_streamed_hello_of_node(mongod: Mongod, counting: Counting, run_node: Callable[..., str]) -> None:
    source = """
    const { MongoClient } = require("mongodb");
    (async () => {
      const options = { serverMonitoringMode: "stream", heartbeatFrequencyMS: 500 };
      const client = new MongoClient(process.argv[2], options);
      let awaited = 0;
      const fourth = new Promise((done) => {
        client.on("serverHeartbeatSucceeded", (event) => { if (event.awaited && ++awaited === 4) done(); });
      });
      await client.connect();
      await client.db("admin").command({ ping: 1 });
      await fourth;
      await client.close();
    })();
    """
    with counting() as counts:
        run_node(source, mongod.uri)
    assert_hellos(counts, clients=1, awaited=4)


@pytest.mark.parametrize("limit", [400, None], ids=["maxTimeMS", "default-wait"])
def test_tailable_cursor(mongod: Mongod, counting: Counting, limit: int | None) -> None:
    """Without maxTimeMS nothing in the getMore tells that it may wait for a second: the cursor's origin does."""
    sent = Sent()
    with counting() as counts, mongod.client(event_listeners=[sent], **POLL) as client:
        client["tail"].drop_collection("capped")
        capped = client["tail"].create_collection("capped", capped=True, size=1 << 20)
        capped.insert_one({"n": 0})
        cursor = capped.find({}, cursor_type=CursorType.TAILABLE_AWAIT)
        cursor = cursor.max_await_time_ms(limit) if limit else cursor
        assert next(cursor)["n"] == 0
        assert cursor.try_next() is None if hasattr(cursor, "try_next") else next(cursor, None) is None
        later = threading.Timer(0.5, lambda: capped.insert_one({"n": 1}))
        later.start()
        found = None
        while found is None:
            found = next(cursor, None)
        assert found["n"] == 1
        later.join()
        cursor.close()
        assert len(list(client["tail"]["plain"].find())) == 0
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.added.counter(f"{DURATION}_count", command="getMore") == 0
    assert counts.added.counter(AWAITED, command="getMore") >= 2
    assert counts.added.counter(f"{DURATION}_sum", command="find") <= sum(sent.seconds["find"])


def test_exhaust_cursor(mongod: Mongod, counting: Counting) -> None:
    """One getMore, then replies that nobody asks for; mongod counts each as a command."""
    with counting() as counts, mongod.client(**POLL) as client:
        c = client["exhaust"]["c"]
        c.drop()
        c.insert_many([{"n": n} for n in range(1000)])
        assert len(list(c.find({}, cursor_type=CursorType.EXHAUST, batch_size=10))) == 1000
        assert c.find_one({"n": 5})
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.added.counter(AWAITED, command="getMore") >= 99
    assert counts.added.counter(f"{DURATION}_count", command="getMore") == 0


def test_change_stream(replica_set: Mongod, observe: Callable[..., Agent]) -> None:
    agent = observe(replica_set)
    sent = Sent()
    before = agent.metrics()
    with replica_set.client(event_listeners=[sent], **POLL) as client:
        c = client["changes"]["c"]
        c.insert_one({"n": 0})
        with c.watch(max_await_time_ms=400) as stream:
            assert stream.try_next() is None
            threading.Timer(0.3, lambda: c.insert_one({"n": 1})).start()
            while (change := stream.try_next()) is None:
                pass
            assert change["fullDocument"]["n"] == 1
        with client["changes"].watch() as stream:  # without a limit of its own
            threading.Timer(0.7, lambda: c.insert_one({"n": 2})).start()
            assert next(stream)["fullDocument"]["n"] == 2
        assert len(list(c.find({}, batch_size=2))) == 3  # an ordinary getMore beside them
    added = agent.metrics() - before
    assert_accounted(added)
    assert sent.by_command["getMore"] >= 4
    assert added.counter(AWAITED, command="getMore") == sent.by_command["getMore"] - 1
    assert added.counter(f"{DURATION}_count", command="getMore") == 1
    assert added.counter(f"{DURATION}_count", command="aggregate") == sent.by_command["aggregate"]
    assert added.counter(f"{DURATION}_sum", command="getMore") <= sent.seconds["getMore"][-1]
