"""What needs a replica set or is large, the same by pymongo, the Node driver (mongo_scenarios.js) and the Go driver
(tests/stack/mongoload/scenarios.go). Each ends with an error where mongod does not answer as it should."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo import CursorType, DeleteOne, InsertOne, MongoClient, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from mongo_lib import POLL
from mongo_load import go_load

BY_NODE = (Path(__file__).parent / "mongo_scenarios.js").read_text()
LARGE_BYTES = 16 * 1024 * 1024 - 25  # of data, in the largest document that there can be
Document = dict[str, Any]


def numbered(start: int, end: int) -> list[Document]:
    return [{"_id": n, "n": 0} for n in range(start, end)]


def transactions(db: Database[Document]) -> None:
    """30 of them commit, 10 of these twice, and 20 abort: half of these because of a conflict, and are done again."""
    c, increment = db["c"], {"$inc": {"n": 1}}
    c.insert_many(numbered(0, 10))
    with db.client.start_session() as session, db.client.start_session() as other:
        for n in range(10):
            with session.start_transaction():
                c.update_one({"_id": n}, increment, session=session)
                assert c.find_one({"_id": n}, session=session) == {"_id": n, "n": 1}
            session.commit_transaction()  # sent again
        for n in range(10):
            session.start_transaction()
            c.delete_one({"_id": n}, session=session)
            session.abort_transaction()
        for n in range(10):
            session.start_transaction()
            c.update_one({"_id": n}, increment, session=session)
            attempts: list[int] = []
            other.with_transaction(partial(against, session, c, n, attempts))
            assert len(attempts) == 2
    assert c.count_documents({"n": 3}) == 10


def against(session: ClientSession, c: Collection[Document], n: int, attempts: list[int], mine: ClientSession) -> None:
    """An increment that conflicts at first, because of the transaction that is under way in `session`."""
    attempts.append(n)
    if len(attempts) == 2:
        session.commit_transaction()
    c.update_one({"_id": n}, {"$inc": {"n": 1}}, session=mine)


def change_stream(db: Database[Document]) -> None:
    c = db["c"]
    c.insert_one({"_id": -1})
    with c.watch(max_await_time_ms=400) as stream:
        assert stream.try_next() is None
        for n in range(20):
            c.insert_one({"_id": n})
            assert next(stream)["documentKey"] == {"_id": n}


def tailable_cursor(db: Database[Document]) -> None:
    capped = db.create_collection("capped", capped=True, size=1 << 20)
    capped.insert_one({"_id": -1})
    cursor = capped.find({}, cursor_type=CursorType.TAILABLE_AWAIT)
    assert next(cursor) == {"_id": -1}
    assert next(cursor, None) is None
    for n in range(20):
        capped.insert_one({"_id": n})
        assert next(cursor) == {"_id": n}
    cursor.close()


def bulk_writes(db: Database[Document]) -> None:
    """Unordered ones do all that is possible, ordered ones end at the first error."""
    c = db["c"]
    c.insert_many(numbered(0, 1000))
    requests = [
        *(InsertOne({"_id": n}) for n in range(900, 1100)),
        *(UpdateOne({"_id": n}, {"$inc": {"n": 1}}) for n in range(900, 1100)),
        *(DeleteOne({"_id": n}) for n in range(1000, 1100)),
    ]
    for _ in range(10):
        for ordered in (False, True):
            with pytest.raises(BulkWriteError):
                c.bulk_write(requests, ordered=ordered)
    assert c.count_documents({}) == 1000
    assert c.count_documents({"n": 10}) == 100


def large_documents(db: Database[Document]) -> None:
    """What compresses well, and what does not at all."""
    c = db["c"]
    for n, data in enumerate((os.urandom(LARGE_BYTES), bytes(LARGE_BYTES))):
        c.insert_one({"_id": n, "data": data})
    for n in range(2):
        found = c.find_one({"_id": n})
        assert found and len(found["data"]) == LARGE_BYTES
    assert len(list(c.find())) == 2


def documents_of_all_sizes(db: Database[Document]) -> None:
    """1 KiB to 1 MiB, three of each, that do not compress."""
    c = db["c"]
    for exponent in range(10, 21):
        for _ in range(3):
            c.insert_one({"data": os.urandom(1 << exponent)})
    assert c.count_documents({}) == 33


def long_chain(db: Database[Document]) -> None:
    c = db["c"]
    c.insert_many(numbered(0, 10_000))
    assert len(list(c.find(batch_size=100))) == 10_000


def exhaust_cursor(db: Database[Document]) -> None:
    """pymongo alone has them: one getMore, then replies that nobody asks for, of which the first bytes say little when
    they are compressed."""
    c = db["c"]
    c.insert_many([{**document, "random": os.urandom(20)} for document in numbered(0, 10_000)])
    assert len(list(c.find(batch_size=100, cursor_type=CursorType.EXHAUST))) == 10_000


SCENARIOS: dict[str, Callable[[Database[Document]], None]] = {
    "transactions": transactions,
    "change_stream": change_stream,
    "tailable_cursor": tailable_cursor,
    "bulk_writes": bulk_writes,
    "large_documents": large_documents,
    "documents_of_all_sizes": documents_of_all_sizes,
    "long_chain": long_chain,
    "exhaust_cursor": exhaust_cursor,
}


def run_scenario(driver: str, run_node: Callable[..., str], uri: str, scenario: str) -> None:
    """In the database that is named as the driver."""
    if driver == "pymongo":
        with MongoClient[Document](uri, **POLL) as client:
            SCENARIOS[scenario](client[driver])
    elif driver == "node":
        run_node(BY_NODE, scenario, uri)
    else:
        go_load(scenario, uri)
