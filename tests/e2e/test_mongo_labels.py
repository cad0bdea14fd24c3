"""Command, database, collection and outcome as they were, however large the message around them is."""

from collections.abc import Callable

import pytest
from pymongo.errors import PyMongoError

from mme_stack import Mongod
from mongo_lib import NONE, POLL, Counting, Counts, Wire

MB = 1_000_000
DOCUMENT = 15_900_000  # three of them are one message, just below its limit of 48,000,000 bytes


def check(counts: Counts, expected: dict[tuple[str, ...], int]) -> None:
    counts.assert_equal()
    counts.assert_nothing_skipped()
    ignored = {"isMaster", "hello", "endSessions", "serverStatus"}  # the drivers' and the oracle's own
    assert {k: v for k, v in counts.labels().items() if k[0] not in ignored} == expected


def test_commands(mongod: Mongod, counting: Counting) -> None:
    with counting() as counts, mongod.client(**POLL) as client:
        shop, other = client["shop"], client["other"]
        shop["carts"].insert_many([{"_id": n} for n in range(10)])
        shop["carts"].update_one({"_id": 1}, {"$set": {"a": 1}})
        shop["carts"].delete_one({"_id": 2})
        assert len(list(shop["carts"].find({}, batch_size=3))) == 9
        shop["carts"].find_one_and_delete({"_id": 3})
        shop["carts"].count_documents({})
        shop["carts"].distinct("_id")
        shop["carts"].create_index("a")
        other["carts"].insert_one({"_id": 1})
        other["with.dots"].find_one()
        for refused in (
            lambda: other["carts"].insert_one({"_id": 1}),  # ok: 1 with writeErrors
            lambda: other["carts"].find_one({"$nonsense": 1}),
            lambda: other.command("nonesuch", "carts"),
        ):
            with pytest.raises(PyMongoError):
                refused()
        other.command("dbStats")
        other.list_collection_names()
        client.admin.aggregate([{"$currentOp": {}}]).close()
        list(other.aggregate([{"$documents": [{"n": n} for n in range(5)]}], batchSize=2))
        client.drop_database("other")
    check(
        counts,
        {
            ("insert", "shop", "carts", "ok"): 1,
            ("update", "shop", "carts", "ok"): 1,
            ("delete", "shop", "carts", "ok"): 1,
            ("find", "shop", "carts", "ok"): 1,
            ("getMore", "shop", "carts", "ok"): 3,
            ("findAndModify", "shop", "carts", "ok"): 1,
            ("aggregate", "shop", "carts", "ok"): 1,
            ("distinct", "shop", "carts", "ok"): 1,
            ("createIndexes", "shop", "carts", "ok"): 1,
            ("insert", "other", "carts", "ok"): 2,
            ("find", "other", "with.dots", "ok"): 1,
            ("find", "other", "carts", "error"): 1,
            ("other", "other", NONE, "error"): 1,
            ("dbStats", "other", NONE, "ok"): 1,
            ("listCollections", "other", NONE, "ok"): 1,
            ("aggregate", "admin", NONE, "ok"): 1,
            ("aggregate", "other", NONE, "ok"): 1,
            ("getMore", "other", NONE, "ok"): 2,
            ("dropDatabase", "other", NONE, "ok"): 1,
        },
    )
    errors = counts.added.by("mme_mongo_command_errors_total", "command", "error")
    assert errors == {("find", "BadValue"): 1, ("other", "CommandNotFound"): 1}


def test_large_messages_of_pymongo(mongod: Mongod, counting: Counting) -> None:
    """The documents are a section of their own; `$db` is before or behind it."""
    with counting() as counts, mongod.client(**POLL) as client:
        c = client["large"]["documents"]
        c.insert_one({"_id": 0, "text": "x" * (16 * 1024 * 1024 - 100)})
        c.insert_many([{"_id": n, "text": "x" * DOCUMENT} for n in (1, 2, 3)])
        assert len(c.find_one({"_id": 0})["text"]) == 16 * 1024 * 1024 - 100
        client.drop_database("large")
    check(
        counts,
        {
            ("insert", "large", "documents", "ok"): 2,
            ("find", "large", "documents", "ok"): 1,
            ("dropDatabase", "large", NONE, "ok"): 1,
        },
    )
    sent = counts.added.counter("mme_mongo_request_bytes_total", command="insert")
    assert 16.7 * MB + 3 * DOCUMENT < sent < 16.8 * MB + 3 * DOCUMENT + 1000
    received = counts.added.counter("mme_mongo_response_bytes_total", command="find")
    assert 16.7 * MB < received < 16.8 * MB


def test_large_message_of_one_body(mongod: Mongod, counting: Counting) -> None:
    """The documents are an array in the body, 15 MB before `$db`."""
    with counting() as counts, Wire(mongod.port) as wire:
        documents = [{"_id": n, "text": "x" * 5 * MB} for n in (1, 2, 3)]
        assert wire.command({"insert": "inline", "documents": documents}, "large")["n"] == 3
        wire.command({"dropDatabase": 1}, "large")
    check(counts, {("insert", "large", "inline", "ok"): 1, ("dropDatabase", "large", NONE, "ok"): 1})


def test_large_messages_of_node(mongod: Mongod, counting: Counting, run_node: Callable[..., str]) -> None:
    source = """
    const { MongoClient } = require("mongodb");
    (async () => {
      const client = await new MongoClient(process.argv[2], { serverMonitoringMode: "poll" }).connect();
      const c = client.db("large").collection("node");
      await c.insertOne({ _id: 0, text: "x".repeat(16 * 1024 * 1024 - 100) });
      await c.insertMany([1, 2].map((n) => ({ _id: n, text: "x".repeat(7000000) })));
      await c.findOne({ _id: 0 });
      await client.db("large").dropDatabase();
      await client.close();
    })();
    """
    with counting() as counts:
        run_node(source, mongod.uri)
    check(
        counts,
        {
            ("insert", "large", "node", "ok"): 2,
            ("find", "large", "node", "ok"): 1,
            ("dropDatabase", "large", NONE, "ok"): 1,
        },
    )


def test_names(mongod: Mongod, counting: Counting) -> None:
    """Long names are cut at 120 bytes and never within a character; what is the same then is one series."""
    names = {
        "a" * 200: "a" * 120,
        "a" * 199 + "b": "a" * 120,
        "é" * 100: "é" * 60,
        "x" + "日" * 60: "x" + "日" * 39,
        '😀 naïve "quoted" \\ back': '😀 naïve "quoted" \\ back',
        "line\nbreak": "line\nbreak",
    }
    expected: dict[tuple[str, ...], int] = {}
    with counting() as counts, mongod.client(**POLL) as client:
        for name, label in names.items():
            client["db_ü"][name].find_one()
            key = ("find", "db_ü", label, "ok")
            expected[key] = expected.get(key, 0) + 1
    check(counts, expected)
