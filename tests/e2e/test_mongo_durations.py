"""A duration is never below mongod's own account of the execution, and never above the client's of the round trip."""

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymongo import monitoring

from mme_stack import Mongod
from mongo_lib import DURATION, POLL, Counting, Counts, Wire

# opLatencies' kinds, by the commands used here; serverStatus is the oracle's own.
KINDS = {"reads": {"find", "aggregate"}, "writes": {"insert", "update"}, "commands": {"ping", "serverStatus"}}


class Stopwatch:
    """The client's account, by command: seconds and operations."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])

    def add(self, command: str, seconds: float) -> None:
        with self.lock:
            self.taken[command][0] += seconds
            self.taken[command][1] += 1


def ours(counts: Counts, command: str) -> tuple[float, float]:
    return tuple(counts.added.counter(f"{DURATION}_{what}", command=command) for what in ("sum", "count"))


def compare(counts: Counts, watch: Stopwatch) -> None:
    counts.assert_equal()
    for command, (client_seconds, operations) in watch.taken.items():
        seconds, counted = ours(counts, command)
        assert counted == operations, command
        assert 0 < seconds <= client_seconds, command
    for kind in ("reads", "writes"):
        mongod_seconds, operations = counts.latency_op(kind)
        each = [ours(counts, command) for command in KINDS[kind]]
        assert sum(n for _, n in each) == operations, kind
        mean, own_mean = sum(s for s, _ in each) / operations, mongod_seconds / operations
        client_mean = sum(watch.taken[c][0] for c in KINDS[kind]) / operations
        print(f"{kind}: mongod {own_mean * 1e6:.0f} µs, agent {mean * 1e6:.0f} µs, client {client_mean * 1e6:.0f} µs")
        assert own_mean <= mean <= client_mean, kind


def test_between_mongod_and_one_client(mongod: Mongod, counting: Counting) -> None:
    watch = Stopwatch()
    with counting() as counts, Wire(mongod.port) as wire:

        def timed(name: str, command: dict[str, Any]) -> None:
            started = time.perf_counter()
            reply = wire.command(command)
            watch.add(name, time.perf_counter() - started)
            assert reply["ok"] == 1, reply

        for n in range(500):
            timed("insert", {"insert": "timed", "documents": [{"n": n, "text": "x" * 1000}]})
            timed("find", {"find": "timed", "filter": {"n": n}, "singleBatch": True})
            timed("update", {"update": "timed", "updates": [{"q": {"n": n}, "u": {"$inc": {"m": 1}}}]})
            timed("aggregate", {"aggregate": "timed", "pipeline": [{"$count": "n"}], "cursor": {}})
            timed("ping", {"ping": 1})
    compare(counts, watch)


def test_between_mongod_and_many_clients(mongod: Mongod, counting: Counting) -> None:
    watch = Stopwatch()

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None: ...

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            if event.command_name != "endSessions":
                watch.add(event.command_name, event.duration_micros / 1e6)

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            raise AssertionError(event)

    with counting() as counts, mongod.client(event_listeners=[Listener()], **POLL) as client:
        c = client["test"]["many"]

        def work(worker: int) -> None:
            for n in range(100):
                c.insert_one({"n": n, "worker": worker})
                c.find_one({"n": n})
                c.update_one({"n": n, "worker": worker}, {"$inc": {"m": 1}})
                c.count_documents({"n": n})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    compare(counts, watch)


def test_known_delays(mongod: Mongod, counting: Counting) -> None:
    """Each is found between mongod's own delay and what the client waited."""
    taken: list[tuple[float, float]] = []
    with counting() as counts, Wire(mongod.port) as wire:
        wire.command({"insert": "slow", "documents": [{"_id": 1}]})
        for milliseconds, times in ((150, 6), (400, 4), (1300, 1)):
            for _ in range(times):
                where = f"sleep({milliseconds}) || true"
                started = time.perf_counter()
                assert wire.command({"find": "slow", "filter": {"$where": where}})["ok"] == 1
                # mongod's clock has whole milliseconds
                taken.append(((milliseconds - 1) / 1e3, time.perf_counter() - started))
    counts.assert_nothing_skipped()  # mongod counts a find of its own for each piece of JavaScript
    buckets = counts.added.buckets(DURATION, command="find")
    assert {0.1, 0.3, 1.2, 5.0} <= buckets.keys()
    for le, count in buckets.items():
        at_least, at_most = (sum(pair[which] <= le for pair in taken) for which in (1, 0))
        assert at_least <= count <= at_most, le
