"""Loads of many kinds of commands, the same by pymongo, the Node driver and the Go driver: 40 or more a round."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymongo import DeleteOne, InsertOne, MongoClient, ReplaceOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from mme_stack.paths import get
from mongo_lib import POLL

COMMANDS_A_ROUND = 40


def refused(what: Callable[..., Any], *args: Any) -> None:
    try:
        what(*args)
    except PyMongoError:
        return
    raise AssertionError("mongod did not refuse it")


def pymongo_round(c: Collection[dict[str, Any]], number: int) -> None:
    c.insert_one({"_id": number, "kind": "one"})
    c.insert_many([{"kind": "many", "n": n, "round": number} for n in range(20)])
    c.find_one({"_id": number})
    c.update_one({"_id": number}, {"$set": {"seen": True}})
    c.update_many({"round": number}, {"$inc": {"n": 1}})
    c.find_one_and_update({"_id": number}, {"$inc": {"n": 1}})
    for _ in range(4):
        c.find_one({"_id": number})
    c.bulk_write(
        [
            InsertOne({"_id": -number - 1}),
            UpdateOne({"_id": number}, {"$set": {"bulk": 1}}),
            ReplaceOne({"_id": -number - 1}, {"replaced": 1}),
            DeleteOne({"_id": -number - 1}),
        ]
    )
    assert len(list(c.find({"round": number}, batch_size=2))) == 20  # nine or ten getMores
    cursor = c.find({"round": number}, batch_size=2)
    next(cursor)
    cursor.close()  # killCursors
    list(c.aggregate([{"$match": {"round": number}}, {"$group": {"_id": "$n"}}], batchSize=5))
    c.count_documents({"round": number})
    c.estimated_document_count()
    c.distinct("n", {"round": number})
    unacknowledged = c.with_options(write_concern=WriteConcern(w=0))
    unacknowledged.insert_one({"kind": "w0", "round": number})
    unacknowledged.update_many({"round": number}, {"$set": {"w0": 1}})
    unacknowledged.delete_many({"kind": "w0", "round": number})
    refused(c.insert_one, {"_id": number})
    refused(c.find_one, {"$nonsense": 1})
    refused(c.database.command, "nonesuch")
    c.database.command("ping")
    list(c.list_indexes())
    if number % 20 == 0:
        c.create_index("round")
    c.delete_many({"round": number})


def by_pymongo(uri: str, rounds: int, clients: int) -> None:
    def one(client_number: int) -> None:
        with MongoClient[dict[str, Any]](uri, **POLL) as client:
            for n in range(rounds):
                pymongo_round(client["pymongo"][f"c{client_number}"], n)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))


BY_NODE = """
const { MongoClient } = require("mongodb");
const [uri, rounds, clients] = process.argv.slice(2).map((a, i) => (i ? Number(a) : a));
const refused = (p) => p.then(() => { throw new Error("not refused"); }, () => {});

async function round(c, number) {
  await c.insertOne({ _id: number, kind: "one" });
  await c.insertMany(Array.from({ length: 20 }, (_, n) => ({ kind: "many", n, round: number })));
  await Promise.all([1, 2, 3, 4, 5].map(() => c.findOne({ _id: number })));
  await c.updateOne({ _id: number }, { $set: { seen: true } });
  await c.updateMany({ round: number }, { $inc: { n: 1 } });
  await c.findOneAndUpdate({ _id: number }, { $inc: { n: 1 } });
  await c.bulkWrite([
    { insertOne: { document: { _id: -number - 1 } } },
    { updateOne: { filter: { _id: number }, update: { $set: { bulk: 1 } } } },
    { replaceOne: { filter: { _id: -number - 1 }, replacement: { replaced: 1 } } },
    { deleteOne: { filter: { _id: -number - 1 } } },
  ]);
  if ((await c.find({ round: number }).batchSize(2).toArray()).length !== 20) throw new Error("not 20");
  const cursor = c.find({ round: number }).batchSize(2);
  await cursor.next();
  await cursor.close();
  await c.aggregate([{ $match: { round: number } }, { $group: { _id: "$n" } }], { batchSize: 5 }).toArray();
  await c.countDocuments({ round: number });
  await c.estimatedDocumentCount();
  await c.distinct("n", { round: number });
  const w = { writeConcern: { w: 0 } };
  await c.insertOne({ kind: "w0", round: number }, w);
  await c.updateMany({ round: number }, { $set: { w0: 1 } }, w);
  await c.deleteMany({ kind: "w0", round: number }, w);
  await refused(c.insertOne({ _id: number }));
  await refused(c.findOne({ $nonsense: 1 }));
  await refused(c.db.command({ nonesuch: 1 }));
  await c.db.command({ ping: 1 });
  await c.listIndexes().toArray();
  if (number % 20 === 0) await c.createIndex({ round: 1 });
  await c.deleteMany({ round: number });
}

async function one(i) {
  const client = await new MongoClient(uri, { serverMonitoringMode: "poll" }).connect();
  const db = client.db("node");
  const c = db.collection("c" + i);
  Object.defineProperty(c, "db", { value: db });
  for (let n = 0; n < rounds; n++) await round(c, n);
  await client.close();
}
Promise.all(Array.from({ length: clients }, (_, i) => one(i))).catch((e) => { console.error(e); process.exit(1); });
"""


def go_load(*args: str) -> None:
    """The Go driver's program, tests/stack/mongoload."""
    done = subprocess.run([get("mongoload"), *args], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def load(driver: str, run_node: Callable[..., str], uri: str, commands: int, clients: int = 4) -> None:
    """At least so many commands, in the database that is named as the driver; a collection for each client."""
    rounds = -(-commands // COMMANDS_A_ROUND // clients)
    if driver == "pymongo":
        by_pymongo(uri, rounds, clients)
    elif driver == "node":
        run_node(BY_NODE, uri, str(rounds), str(clients))
    else:
        go_load("rounds", uri, str(rounds), str(clients))
