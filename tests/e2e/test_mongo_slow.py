"""Slow commands against mongod's own profiler, their shapes, and what of a command must never be seen."""

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import monitoring
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import QUIET, Wire, body_section, op_msg

THRESHOLD_MS = 200  # the slow ones sleep twice as long; the others are done in a few ms, where the machine is not busy
SLEEPS = "sleep(400) || true"
SLEPT_MS = 390  # at least, by a clock of whole milliseconds
COLLECTIONS = ("items", "people.names")
APPLICATION = "mme-tagging é"
SLOW = "mme_mongo_slow_commands_total"
Lines = list[dict[str, Any]]


def start(servers: Stack, mongod: Mongod, **slow: Any) -> tuple[Agent, Path]:
    file = mongod.directory / "slow" / "slow.jsonl"
    settings = {"threshold": f"{THRESHOLD_MS}ms", "file": str(file), **slow}
    return servers.agent([mongod], {"slow": settings}), file


def lines(file: Path) -> Lines:
    """Those that are whole: the last one may be being written."""
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]] if file.exists() else []


def wait_for_all(agent: Agent, file: Path) -> Lines:
    """Until what has been counted as slow is in the file too."""
    counted = agent.metrics().counter(SLOW)
    return wait_until(lambda: len(found := lines(file)) >= counted and found)


class Waited(monitoring.CommandListener):
    """How long the client waited, in milliseconds, by namespace and command."""

    def __init__(self) -> None:
        self.asked: dict[int, tuple[str, str]] = {}
        self.taken: list[tuple[tuple[str, str], float]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        collection = event.command["collection" if event.command_name == "getMore" else event.command_name]
        self.asked[event.request_id] = f"{event.database_name}.{collection}", event.command_name

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.taken.append((self.asked[event.request_id], event.duration_micros / 1000))

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        raise AssertionError(event)

    def at_least(self, milliseconds: float) -> Counter[tuple[str, str]]:
        return Counter(what for what, taken in self.taken if taken >= milliseconds)


def slow_work(c: Collection[dict[str, Any]]) -> None:
    asleep = {"$where": SLEEPS}
    function = {"$function": {"body": f"function() {{ return {SLEEPS}; }}", "args": [], "lang": "js"}}
    c.find_one({"n": 1, **asleep})
    list(c.find({"n": {"$lt": 2}, **asleep}, batch_size=1))  # slow getMores
    list(c.aggregate([{"$match": {"n": 1, "$expr": function}}, {"$sort": {"n": -1}}]))
    c.database.command("count", c.name, query={"n": 1, **asleep})
    c.distinct("n", {"n": 1, **asleep})
    c.update_one({"n": 1, **asleep}, {"$set": {"seen": True}})
    c.find_one_and_update({"n": 1, **asleep}, {"$inc": {"m": 1}})
    c.delete_one({"n": 1, **asleep})


def quick_work(c: Collection[dict[str, Any]]) -> None:
    for n in range(100, 200):
        c.insert_one({"n": n})
        c.find_one({"n": n})
        c.update_one({"n": n}, {"$set": {"seen": True}})
        c.delete_one({"n": n})


def profiled(mongod: Mongod, database: str, milliseconds: int) -> Counter[tuple[str, str]]:
    """What mongod's profiler has that took so long, by namespace and command."""
    names = {"query": "find", "update": "update", "remove": "delete", "getmore": "getMore", "insert": "insert"}
    with mongod.client() as client:
        entries = list(client[database]["system.profile"].find({"millis": {"$gte": milliseconds}}))
    ours = [e for e in entries if e["ns"] in {f"{database}.{name}" for name in COLLECTIONS}]
    return Counter((e["ns"], names.get(e["op"]) or next(iter(e["command"]))) for e in ours)


@pytest.mark.parametrize("compressor", [None, "snappy", "zlib", "zstd"])
def test_the_same_as_the_profiler_says(servers: Stack, compressor: str | None) -> None:
    """What took mongod that long is there; nothing is that did not take the client that long. On a machine that keeps
    a quick command waiting the two differ, and nobody knows where it waited."""
    mongod = servers.mongod(args=QUIET)
    options = {"compressors": compressor} if compressor else {}
    with mongod.client() as client:
        for name in COLLECTIONS:
            client.mme[name].insert_many([{"n": n % 4} for n in range(8)])
        client.mme.command("profile", 2)
    agent, file = start(servers, mongod)
    waited = Waited()
    with mongod.client(appname=APPLICATION, event_listeners=[waited], **options) as client:
        for name in COLLECTIONS:
            slow_work(client.mme[name])
            quick_work(client.mme[name])
    metrics, found = agent.metrics(), []
    for line in wait_for_all(agent, file):
        if line["database"] == "mme" and line["collection"] in COLLECTIONS:
            found.append(line)
        else:  # the drivers' and the test's own, on a busy machine
            assert line["command"] in {"hello", "isMaster", "endSessions"}
            assert line["duration_ms"] >= THRESHOLD_MS

    def seen(milliseconds: float) -> Counter[tuple[str, str]]:
        slow = [line for line in found if line["first_byte_ms"] >= milliseconds]
        return Counter((f"{line['database']}.{line['collection']}", line["command"]) for line in slow)

    assert profiled(mongod, "mme", SLEPT_MS).total() >= 16
    for milliseconds in (THRESHOLD_MS, SLEPT_MS):
        assert profiled(mongod, "mme", milliseconds) <= seen(milliseconds) <= waited.at_least(milliseconds)
    ours = metrics.by(SLOW, "database", "collection", "command", database="mme")
    assert {(f"{d}.{c}", command): n for (d, c, command), n in ours.items()} == seen(0)
    assert seen(0) <= waited.at_least(THRESHOLD_MS)
    longest = max(taken for _, taken in waited.taken)
    for line in found:
        assert THRESHOLD_MS <= line["duration_ms"] <= longest and line["first_byte_ms"] <= line["duration_ms"]
        assert line["application"] == APPLICATION and line["driver"].startswith("PyMongo")
        assert re.fullmatch(r"127\.0\.0\.1:\d+", line["client"])
        assert line["target"] == mongod.name
        assert line["shape"].startswith("{" + line["command"] + ": ?"), line


@pytest.fixture
def asked(servers: Stack) -> tuple[Mongod, Agent, Path]:
    mongod = servers.mongod(args=[*QUIET, "--setParameter", "enableTestCommands=1"])
    agent, file = start(servers, mongod, threshold="0ms")
    return mongod, agent, file


def test_the_same_shape_has_the_same_fingerprint(asked: tuple[Mongod, Agent, Path]) -> None:
    mongod, agent, file = asked
    with mongod.client() as client:
        c = client.mme.items
        for n in range(20):
            list(c.find({"tenant": f"t{n}", "tags": {"$in": list(range(n + 1))}}).sort("at", -1).limit(5))
            list(c.find({"tenant": n}))
    finds = wait_until(lambda: (f := [e for e in lines(file) if e["command"] == "find"]) and len(f) == 40 and f)
    shapes = Counter((e["fingerprint"], e["shape"]) for e in finds)
    assert sorted(shapes.values()) == [20, 20]
    assert {shape for _, shape in shapes} == {
        "{find: ?, filter: {tenant: ?, tags: {$in: [?]}}, sort: {at: -1}, limit: ?}",
        "{find: ?, filter: {tenant: ?}}",
    }
    assert agent.metrics().counter(SLOW, command="find", database="mme", collection="items") == 40


def everything_said(agent: Agent, file: Path) -> str:
    said = [agent.get(path)[1].decode() for path in ("/", "/metrics", "/api/v1/status")]
    for argv in (["slow", "--json"], ["slow"], ["slow", "--by", "shape"]):
        done = agent.cli(*argv, "--file", str(file))
        said += [done.stdout, done.stderr]
    said += [agent.log.read_text(), *(path.read_text() for path in file.parent.iterdir())]
    return "\n".join(said)


def planting(secret: Callable[[], str], value: Any) -> Iterator[dict[str, Any]]:
    """Commands with `value` and secrets wherever data may be, names of fields among them. mongod refuses some."""

    def document() -> dict[str, Any]:
        return {secret(): value, secret(): secret()}

    def aggregate(*stages: dict[str, Any]) -> dict[str, Any]:
        return {"aggregate": "items", "pipeline": list(stages), "cursor": {}}

    match = {"$match": {"name": document()}}
    yield {
        "find": "items",
        "filter": {"name": document(), "n": {"$eq": value}, "$comment": secret()},
        "comment": secret(),
    }
    yield {"find": "items", "filter": {"a": {"$all": [document()]}, "b": {"$not": {"$gt": document()}}}}
    yield {"find": "items", "filter": {"$expr": {"$eq": ["$n", value]}}, "let": document()}
    yield {"find": "items", "projection": {"x": {"$eq": ["$n", value]}, "y": document(), "z": {"$literal": value}}}
    yield {"find": "items", "filter": {"a": {f"${secret()}": value}}, "collation": {"locale": secret()}}
    yield aggregate({"$project": {"x": {"$eq": ["$n", value]}, "y": {secret(): "$n"}, "z": {"$literal": document()}}})
    yield aggregate({"$facet": {"f": [match]}})
    yield aggregate({"$geoNear": {"near": [0, 1], "distanceField": "d", "query": {"name": document()}}})
    yield aggregate({"$unionWith": {"coll": "others", "pipeline": [match]}}, {f"${secret()}": value})
    yield aggregate({"$lookup": {"from": "others", "let": document(), "pipeline": [match], "as": "x"}})
    yield aggregate({"$set": {"x": {"$switch": {"branches": [{"case": {"$eq": ["$n", value]}, "then": document()}]}}}})
    yield aggregate({"$group": {"_id": document(), "n": {"$push": document()}}}, {"$replaceWith": document()})
    yield aggregate({"$bucket": {"groupBy": "$n", "boundaries": [0, 1], "default": secret()}}, {secret(): value})
    yield aggregate({"$set": {"x": {"$function": {"body": secret(), "args": [value], "lang": "js"}}}})
    yield {"update": "items", "updates": [{"q": {"name": document()}, "u": [{"$set": {"x": document()}}]}]}
    yield {"update": "items", "updates": [{"q": {}, "u": {"$setOnInsert": {"x": document()}}, "c": document()}]}
    yield {
        "update": "items",
        "updates": [{"q": {}, "u": {"$set": {"l.$[x]": value}}, "arrayFilters": [{"x": document()}]}],
    }
    yield {"delete": "items", "deletes": [{"q": {"name": document()}, "limit": 1, "comment": document()}]}
    yield {"findAndModify": "items", "query": {"name": document()}, "update": document()}
    yield {"explain": {"find": "items", "filter": {"name": document()}}}
    yield {"create": "items", "validator": document()}
    yield {"collMod": "items", "validator": {"name": document()}}
    yield {
        "createIndexes": "items",
        "indexes": [{"name": secret(), "key": document(), "partialFilterExpression": document()}],
    }
    yield {"createUser": secret(), "pwd": secret(), "roles": [], "customData": document()}
    yield {"mapReduce": "items", "map": secret(), "reduce": secret(), "query": document(), "out": {"inline": 1}}
    yield {secret(): value}


def test_no_literal_is_ever_seen(asked: tuple[Mongod, Agent, Path]) -> None:
    mongod, agent, file = asked
    secrets = iter(range(100_000))

    def secret() -> str:
        return f"planted{next(secrets):05d}x"

    with mongod.client() as client, Wire(mongod.port) as wire:
        c = client.mme.items
        for n in range(60):
            value = (secret(), 0, 1, True, False, {secret(): [secret()]})[n % 6]
            for command in planting(secret, value):
                with suppress(OperationFailure):
                    client.other.command(command)
            c.insert_one({"name": secret(), secret(): secret(), "list": [secret(), {"deep": secret()}]})
            list(
                c.find(
                    {"name": secret(), "n": {"$in": [secret(), secret()]}, "$or": [{"a": secret()}, {"b": secret()}]}
                )
            )
            c.update_one({"name": secret()}, {"$set": {"name": secret(), "x": {secret(): secret()}}})
            c.replace_one({"name": secret()}, {secret(): secret()})
            list(c.aggregate([{"$match": {"name": secret()}}, {"$project": {"y": {"$literal": secret()}}}]))
            c.find_one_and_update({"name": secret()}, {"$push": {"list": secret()}})
            payload = secret().encode()
            wire.send(
                op_msg(
                    body_section({"saslStart": 1, "mechanism": "PLAIN", "payload": payload, "$db": "admin"}),
                    request_id=1,
                )
            )
            wire.reply()
    assert next(secrets) > 1000
    wait_until(lambda: sum(e["command"] == "saslStart" for e in lines(file)) == 60)
    assert len(lines(file)) >= 33 * 60
    shapes = {e["shape"] for e in lines(file) if e["database"] == "other" and "shape" in e}
    assert len(shapes) == len(list(planting(secret, 0))), sorted(shapes)
    said = everything_said(agent, file)
    assert "planted" not in said, re.findall(r".{80}planted.{20}", said)[:5]


def test_literals_when_the_operator_wants_them(servers: Stack) -> None:
    mongod = servers.mongod(args=QUIET)
    agent, file = start(servers, mongod, threshold="0ms", literals=True)
    with mongod.client() as client:
        client.mme.items.insert_one({"name": "wanted"})
        client.mme.items.find_one({"name": "wanted"})
    [found] = [e for e in wait_for_all(agent, file) if e["command"] == "find"]
    assert json.loads(found["literals"])["filter"] == {"name": "wanted"}
    agent.write_config({"targets": {"traefik": [], "mongod": [mongod.target()]}, "slow": {"file": str(file)}})
    os.kill(agent.pid, signal.SIGHUP)
    wait_until(lambda: "configuration read" in agent.log.read_text())
    before = len(wait_for_all(agent, file))
    with mongod.client() as client:
        client.mme.items.find_one({"name": "unwanted"})
        client.mme.items.find_one({"name": "wanted", "$where": SLEEPS})
    after = wait_for_all(agent, file)[before:]
    assert sum("$where" in e.get("shape", "") for e in after) == 1
    assert all("literals" not in e and e["duration_ms"] >= 100 for e in after)  # and 100 ms is the threshold again


def test_thresholds_of_a_collection_and_a_command(servers: Stack) -> None:
    mongod = servers.mongod(args=QUIET)
    overrides = {"mme.watched": "0ms", "mme.ignored": "10m"}
    agent, file = start(servers, mongod, overrides=overrides)
    with mongod.client() as client:
        client.mme.watched.insert_one({})
        client.mme.ignored.insert_one({})
        client.mme.ignored.find_one({"$where": SLEEPS})
        client.mme.other.insert_one({})
        client.mme.other.find_one({"$where": SLEEPS})
    counted = agent.metrics().by(SLOW, "collection", database="mme")
    found = [e for e in wait_for_all(agent, file) if e["database"] == "mme"]
    assert counted == Counter((e["collection"],) for e in found)
    quick = [e for e in found if "$where" not in e["shape"] and e["collection"] != "watched"]
    assert all(e["duration_ms"] >= THRESHOLD_MS for e in quick)  # on a busy machine
    expected = [("watched", "insert"), ("other", "find")]
    assert [(e["collection"], e["command"]) for e in found if e not in quick] == expected
    assert "ignored" not in {e["collection"] for e in quick}


def test_replies_with_errors_and_documents(asked: tuple[Mongod, Agent, Path]) -> None:
    mongod, _, file = asked
    with mongod.client() as client:
        c = client.mme.items
        c.insert_many([{"_id": n, "text": "x" * 10} for n in range(5)])
        list(c.find({}, batch_size=3))
        with pytest.raises(Exception, match="nonsense"):
            c.find_one({"$nonsense": 1})
        with pytest.raises(Exception, match="duplicate"):
            c.insert_one({"_id": 1})
    wait_until(lambda: sum("error" in e for e in lines(file)) == 2)
    entries = lines(file)
    by_command = {}
    for e in entries:
        by_command.setdefault(e["command"], []).append(e)
    first, refused = by_command["find"][:2]
    assert first["documents"] == 3 and int(first["cursor_id"]) != 0
    assert by_command["getMore"][0]["documents"] == 2
    assert refused["error_name"] == "BadValue" and refused["error"] == 2
    assert by_command["insert"][1]["error_name"] == "DuplicateKey"


@pytest.mark.parametrize("how", ["half a header", "half a message"])
def test_a_client_that_sends_a_part_and_waits(asked: tuple[Mongod, Agent, Path], how: str) -> None:
    mongod, agent, file = asked
    whole = op_msg(body_section({"find": "items", "filter": {"a": "planted"}, "$db": "mme"}), request_id=7)
    size = 8 if how == "half a header" else len(whole) // 2
    with Wire(mongod.port) as wire:
        wire.send(whole[:size])
        with mongod.client() as client:
            client.mme.items.find_one({"b": 1})
        wait_until(lambda: [e for e in lines(file) if e["command"] == "find"])
        wire.send(whole[size:])
        wire.reply()
    wait_until(lambda: sum(e["command"] == "find" for e in lines(file)) == 2)
    assert "planted" not in file.read_text()
    assert agent.metrics().counter(SLOW, command="find") == 2


def test_long_commands_have_their_namespace(asked: tuple[Mongod, Agent, Path]) -> None:
    """Drivers put `$db` behind the command's own fields, and nobody has scraped before."""
    mongod, _, file = asked
    with mongod.client() as client:
        c = client.late.things
        c.find_one({"n": {"$in": list(range(1000))}})
        list(c.aggregate([{"$match": {"n": {"$nin": list(range(1000))}}}]))
        c.distinct("n", {"n": {"$in": list(range(1000))}})
    commands = {"find", "aggregate", "distinct"}
    wait_until(lambda: commands <= {e["command"] for e in lines(file)})
    names = {(e["command"], e.get("database"), e.get("collection")) for e in lines(file) if e["command"] in commands}
    assert names == {(command, "late", "things") for command in commands}
