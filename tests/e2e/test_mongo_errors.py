"""Errors wherever a reply tells of them, against what the driver was told."""

from collections import Counter
from collections.abc import Callable

import pytest
from pymongo import InsertOne, WriteConcern, monitoring
from pymongo.errors import PyMongoError

from mme_stack import Agent, Mongod, Stack
from mongo_lib import POLL, QUIET, Oracle, count_meanwhile

NAMES = {11000: "DuplicateKey", 66: "ImmutableField", 121: "DocumentValidationFailure"}  # writeErrors hold no names


class Told(monitoring.CommandListener):
    """What every reply said."""

    def __init__(self) -> None:
        self.errors: dict[str, Counter[tuple[str, str]]] = {k: Counter() for k in ("command", "write", "write_concern")}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if errors := event.reply.get("writeErrors"):
            self.errors["write"][event.command_name, NAMES[errors[0]["code"]]] += 1
        if error := event.reply.get("writeConcernError"):
            self.errors["write_concern"][event.command_name, error["codeName"]] += 1

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        # where a writeConcernError makes pymongo call a command failed, that is all it tells
        kind = "command" if "ok" in event.failure else "write_concern"
        self.errors[kind][event.command_name, event.failure["codeName"]] += 1


@pytest.fixture(scope="module")
def replica_set(stack: Stack) -> Mongod:
    return stack.mongod(name="errors-mongod", replica_set="rs0", args=QUIET)


def test_errors_are_those_of_the_driver(replica_set: Mongod, observe: Callable[..., Agent]) -> None:
    agent, oracle, told = observe(replica_set), Oracle(replica_set), Told()
    with replica_set.client() as client:
        client["e"].create_collection("strict", validator={"a": {"$type": "int"}})
    with (
        count_meanwhile(agent, oracle) as counts,
        replica_set.client(event_listeners=[told], retryWrites=False, **POLL) as client,
    ):
        unsafe = WriteConcern(w=3, wtimeout=10)  # of one member
        plain = client["e"]["plain"]
        unreplicated = plain.with_options(write_concern=unsafe)
        unreplicated_strict = client["e"].get_collection("strict", write_concern=unsafe)
        plain.insert_one({"_id": 1})
        refused: list[Callable[[], object]] = [
            lambda: plain.insert_one({"_id": 1}),
            lambda: plain.insert_many([{"_id": n % 50} for n in range(200)], ordered=False),
            lambda: plain.bulk_write([InsertOne({"_id": 1}), InsertOne({"_id": 1})]),
            lambda: plain.update_one({"_id": 1}, {"$set": {"_id": 2}}),
            lambda: client["e"]["strict"].insert_one({"a": "x" * 10_000}),
            lambda: unreplicated.insert_one({"_id": 1000}),
            lambda: unreplicated.insert_one({"_id": 1000}),  # both kinds at once
            lambda: unreplicated_strict.insert_one({"a": "none"}),
            lambda: unreplicated.find_one_and_update({"_id": 1000}, {"$set": {"a": 1}}),
            lambda: unreplicated.delete_one({"_id": 1000}),
            lambda: unreplicated.update_many({}, {"$set": {"b": "x"}}),
            lambda: plain.database.command(
                "aggregate", "plain", pipeline=[{"$out": "o"}], cursor={}, writeConcern={"w": 3}
            ),
            lambda: client["e"].create_collection("made", write_concern=unsafe),
            lambda: plain.find_one({"$nonsense": 1}),
            lambda: client["e"].command("nonesuch"),
        ]
        for call in refused:
            for _ in range(3):
                try:
                    call()
                except PyMongoError:
                    continue

    seen = {kind: counts.added.by(f"mme_mongo_{kind}_errors_total", "command", "error") for kind in told.errors}
    expected = {kind: dict(errors) for kind, errors in told.errors.items()}
    nonesuch = expected["command"].pop(("nonesuch", "CommandNotFound"))
    assert seen == expected | {"command": expected["command"] | {("other", "CommandNotFound"): nonesuch}}
    assert sum(expected["write"].values()) >= 15
    assert sum(expected["write_concern"].values()) >= 20
