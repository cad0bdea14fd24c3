"""Cursors as the wire tells of them against what mongod counts: opened, exhausted, killed, documents and bytes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64
from pymongo import CursorType
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from mme_stack import Agent, Metrics, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import DURATION, QUIET

DOCUMENTS = 10_000
KINDS = ("opened", "exhausted", "documents", "bytes")
Items = Collection[dict[str, Any]]


@pytest.fixture
def mongod(servers: Stack) -> Mongod:
    mongod = servers.mongod(replica_set="rs-e2e", args=QUIET)
    with mongod.client() as client:
        client.mme.items.insert_many([{"_id": i, "n": i % 10, "text": "x" * (i % 50)} for i in range(DOCUMENTS)])
    return mongod


class Cursors:
    """What the agent, and mongod itself, have counted since this was made."""

    def __init__(self, agent: Agent, mongod: Mongod) -> None:
        self.agent, self.mongod = agent, mongod
        self.before, self.oracle = agent.metrics(), self.returned()

    def returned(self) -> tuple[int, int]:
        """Documents that mongod has returned, cursors of more than one batch that it has opened."""
        metrics = self.mongod.server_status()["metrics"]
        return metrics["document"]["returned"], metrics["cursor"]["totalOpened"]

    def added(self) -> Metrics:
        return self.agent.metrics() - self.before

    def by_command(self, command: str) -> dict[str, float]:
        added = self.added()
        return {kind: added.counter(f"mme_mongo_cursor_{kind}_total", command=command) for kind in KINDS}

    def assert_as_mongod(self) -> None:
        """All documents and cursors, of whatever command, are as many as mongod says."""
        documents, opened = (now - then for now, then in zip(self.returned(), self.oracle, strict=True))

        def total(kind: str) -> float:
            return sum(self.added().by(f"mme_mongo_cursor_{kind}_total", "command").values())

        wait_until(lambda: total("documents") == documents)
        assert total("opened") == opened


@pytest.fixture
def cursors(mongod: Mongod, observe: Callable[..., Agent]) -> Cursors:
    return Cursors(observe(mongod), mongod)


def test_a_chain_of_get_mores(mongod: Mongod, cursors: Cursors) -> None:
    with mongod.client() as client:
        assert len(list(client.mme.items.find({}, batch_size=100))) == DOCUMENTS
    counted = cursors.by_command("find")
    assert (counted["opened"], counted["exhausted"], counted["documents"]) == (1, 1, DOCUMENTS)
    get_mores = cursors.added().by(f"{DURATION}_count", "command", "collection")["getMore", "items"]
    assert get_mores == DOCUMENTS / 100  # and a last one that brings nothing, less the first batch
    size = sum(cursors.added().by("mme_mongo_response_bytes_total", "command", collection="items").values())
    assert size == counted["bytes"]
    cursors.assert_as_mongod()


@pytest.mark.parametrize("batch", [1, 2, 101, 5000, DOCUMENTS, DOCUMENTS + 1])
def test_batches(mongod: Mongod, cursors: Cursors, batch: int) -> None:
    limit = 300 if batch < 100 else DOCUMENTS
    with mongod.client() as client:
        assert len(list(client.mme.items.find({}, batch_size=batch, limit=limit))) == limit
    more = batch < limit
    counted = cursors.by_command("find")
    assert (counted["opened"], counted["exhausted"], counted["documents"]) == (more, more, limit)
    cursors.assert_as_mongod()


def test_commands_that_open_cursors(mongod: Mongod, cursors: Cursors) -> None:
    with mongod.client() as client:
        items = client.mme.items
        assert items.find_one({"_id": 1}) and not items.find_one({"_id": -1})
        groups = list(items.aggregate([{"$group": {"_id": "$n"}}], batchSize=3))
        assert len(list(items.list_indexes())) == 1
        assert len(list(client.mme.list_collections())) == 1
        assert len(groups) == 10
    assert cursors.by_command("find")["documents"] == 1
    assert cursors.by_command("find")["opened"] == 0
    aggregate = cursors.by_command("aggregate")
    assert (aggregate["opened"], aggregate["exhausted"], aggregate["documents"]) == (1, 1, 10)
    assert cursors.by_command("listIndexes")["documents"] == 1
    assert cursors.by_command("listCollections")["documents"] == 1


def test_killed(mongod: Mongod, cursors: Cursors) -> None:
    def open_and_leave(items: Items) -> None:
        cursor = items.find({}, batch_size=10)
        next(cursor)
        cursor.close()

    with mongod.client() as client:
        for _ in range(5):
            open_and_leave(client.mme.items)
        kept = [client.mme.items.find({}, batch_size=10) for _ in range(3)]
        ids = [next(cursor) and cursor.cursor_id for cursor in kept]
        killed = client.mme.command("killCursors", "items", cursors=[*ids, Int64(4711)])
        assert (len(killed["cursorsKilled"]), len(killed["cursorsNotFound"])) == (3, 1)
        for cursor in kept:
            with pytest.raises(OperationFailure):
                list(cursor)
    assert cursors.added().value("mme_mongo_cursor_killed_total") == 8
    assert cursors.by_command("find") | {"bytes": 0} == {"opened": 8, "exhausted": 0, "documents": 80, "bytes": 0}
    cursors.assert_as_mongod()


def test_replies_that_stream(mongod: Mongod, cursors: Cursors) -> None:
    """Exhaust: one getMore, answered by all that follows."""
    with mongod.client() as client:
        found = list(client.mme.items.find({}, batch_size=500, cursor_type=CursorType.EXHAUST))
    assert len(found) == DOCUMENTS
    counted = cursors.by_command("find")
    assert (counted["opened"], counted["exhausted"], counted["documents"]) == (1, 1, DOCUMENTS)
    cursors.assert_as_mongod()


def test_change_streams_and_many_at_once(mongod: Mongod, cursors: Cursors) -> None:
    def scan(number: int) -> None:
        with mongod.client() as client:
            list(client.mme.items.find({"n": number}, batch_size=7))
            list(client.mme.items.aggregate([{"$match": {"n": number}}], batchSize=13))

    with mongod.client() as client, client.mme.watched.watch() as stream:
        threads = [threading.Thread(target=scan, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        client.mme.watched.insert_many([{"_id": i} for i in range(50)])
        assert [next(stream)["documentKey"]["_id"] for _ in range(50)] == list(range(50))
        for thread in threads:
            thread.join()
    find, aggregate = cursors.by_command("find"), cursors.by_command("aggregate")
    assert (find["opened"], find["exhausted"], find["documents"]) == (8, 8, 8000)
    assert (aggregate["opened"], aggregate["exhausted"], aggregate["documents"]) == (9, 8, 8000 + 50)
    assert cursors.by_command("getMore") == dict.fromkeys(KINDS, 0)
    cursors.assert_as_mongod()


def test_a_cursor_older_than_the_agent(mongod: Mongod, observe: Callable[..., Agent]) -> None:
    """What opened it was not seen: its documents count under getMore."""
    with mongod.client() as client:
        cursor = client.mme.items.find({}, batch_size=100)
        next(cursor)
        cursors = Cursors(observe(mongod), mongod)
        assert len(list(cursor)) == DOCUMENTS - 1
    unknown = cursors.by_command("getMore")
    assert (unknown["opened"], unknown["exhausted"], unknown["documents"]) == (0, 1, DOCUMENTS - 100)
