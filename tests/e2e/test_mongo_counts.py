"""Per command, what the agent counted is what mongod counted: difference 0."""

from collections.abc import Callable

import pytest

from mme_stack import Mongod, Stack
from mme_stack.fetch import wait_until
from mme_stack.network import steered_loopback
from mongo_lib import DURATION, POLL, QUIET, READS, Counting, Counts, Oracle, asking
from mongo_load import COMMANDS_A_ROUND, load

COMMANDS = 17_000  # a driver and compressor, or none: 204,000 in all, and 51,000 steered
CLIENTS = 4
DRIVERS = ["pymongo", "node", "go"]
SEEN = {"insert", "find", "update", "delete", "aggregate", "count", "distinct", "findandmodify", "getmore"}
SEEN |= {"killcursors", "ping", "listindexes", "createindexes", "other", "endsessions", "serverstatus"}


@pytest.mark.parametrize("compressor", [None, "snappy", "zlib", "zstd"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_counts(
    mongod: Mongod, counting: Counting, run_node: Callable[..., str], driver: str, compressor: str | None
) -> None:
    with mongod.client(**POLL) as client:
        client.drop_database(driver)
    uri = mongod.uri_with(f"compressors={compressor}" if compressor else "")
    with counting() as counts:
        load(driver, run_node, uri, COMMANDS, CLIENTS)
    assert_exact(counts, driver)
    if compressor:
        taken = [s["network"]["compression"][compressor]["decompressor"]["bytesIn"] for s in counts.statuses]
        assert taken[1] - taken[0] > 100 * COMMANDS


@pytest.mark.parametrize("driver", DRIVERS)
def test_counts_of_steered_packets(
    mongod: Mongod, counting: Counting, run_node: Callable[..., str], driver: str
) -> None:
    """Each packet is handed on to another CPU, as a network card's are."""
    with mongod.client(**POLL) as client:
        client.drop_database(driver)
    with steered_loopback(), counting() as counts:
        load(driver, run_node, mongod.uri, COMMANDS, CLIENTS)
    assert_exact(counts, driver)


def assert_exact(counts: Counts, driver: str) -> None:
    counts.assert_equal()
    counts.assert_nothing_skipped()
    counts.assert_operations()
    assert set(counts.expected) >= SEEN
    assert sum(counts.expected.values()) >= COMMANDS
    sums = counts.added.by(f"{DURATION}_sum", "command")
    executing, _ = counts.latency_op("reads")
    assert sum(seconds for (command,), seconds in sums.items() if command.lower() in READS) >= executing
    rounds = counts.expected["distinct"]
    assert counts.added.counter("mme_mongo_unacknowledged_total") == 3 * rounds
    assert counts.added.counter("mme_mongo_write_errors_total", command="insert") == rounds
    assert counts.added.counter("mme_agent_events_lost_total") == 0
    collections = counts.added.by(f"{DURATION}_count", "database", "collection", command="find")
    assert set(collections) == {(driver, f"c{n}") for n in range(CLIENTS)}


# Of one round of mongo_load: documents inserted, also those refused; statements of updates and deletes.
DOCUMENTS = {"insert": 24, "update": 5, "delete": 3}


def test_opcounters(servers: Stack, run_node: Callable[..., str]) -> None:
    """What mongod counts itself, by documents, is what the agent says of it, and agrees with what the agent counted."""
    mongod = servers.mongod(args=QUIET)
    agent = servers.agent(config={"targets": {"traefik": [], "mongod": [asking(mongod, mongod.directory)]}})
    before = wait_until(lambda: (m := agent.metrics()).counter("mongodb_up") == 1 and m)
    for driver in DRIVERS:
        load(driver, run_node, mongod.uri, 20 * COMMANDS_A_ROUND, CLIENTS)
    oracle = Oracle(mongod)
    low = oracle.alone(others=1)["opcounters"]  # the agent's connection is there too
    after = wait_until(lambda: (m := agent.metrics()).counter("mongodb_up") == 1 and m)
    high = oracle.status()["opcounters"]
    oracle.close()

    said = {kind: after.value("mongodb_ss_opcounters", legacy_op_type=kind) for kind in low}
    assert low.pop("command") < said.pop("command") < high.pop("command")  # the agent asks by a command too
    assert said == low == high
    added = after - before
    counted = {kind: added.counter("mongodb_ss_opcounters", legacy_op_type=kind) for kind in low}
    commands = {c.lower(): n for (c,), n in added.by(f"{DURATION}_count", "command").items()}
    rounds = 20 * len(DRIVERS)
    assert counted == {
        **{kind: documents * rounds for kind, documents in DOCUMENTS.items()},
        "query": commands["find"],
        "getmore": commands["getmore"],
    }
