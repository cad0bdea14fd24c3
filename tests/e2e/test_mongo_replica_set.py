"""On a replica set of one, with each driver and compressor: what the agent counted is what mongod counted."""

from collections.abc import Callable, Iterator

import pytest

from mme_stack import Mongod, Stack
from mongo_lib import DURATION, POLL, QUIET, Counting, Counts
from mongo_scenarios import LARGE_BYTES, run_scenario

AWAITED = "mme_mongo_awaited_total"
AWAITING = {"change_stream", "tailable_cursor", "exhaust_cursor"}  # whose getMores are held back by design
# By mongod's account, in lower case; whatever else a driver sends differs from one to the other.
AT_LEAST = {
    "transactions": {"committransaction": 40, "aborttransaction": 20, "update": 40, "find": 10, "delete": 10},
    "change_stream": {"aggregate": 1, "getmore": 20, "insert": 21},
    "tailable_cursor": {"create": 1, "find": 1, "getmore": 20, "insert": 21},
    "bulk_writes": {"insert": 21, "update": 10, "delete": 10},
    "large_documents": {"insert": 2, "find": 3},
    "documents_of_all_sizes": {"insert": 33},
    "long_chain": {"insert": 1, "find": 1, "getmore": 99},
    "exhaust_cursor": {"insert": 1, "find": 1, "getmore": 99},
}


@pytest.fixture(scope="module")
def mongod(stack: Stack) -> Iterator[Mongod]:
    """Takes the place of the standalone one, for `mongo_agent` and `counting` too."""
    with stack.nested() as inner:
        yield inner.mongod(replica_set="rs0", args=QUIET)


@pytest.mark.parametrize("compressor", [None, "snappy", "zlib", "zstd"])
@pytest.mark.parametrize("driver", ["pymongo", "node", "go"])
@pytest.mark.parametrize("scenario", AT_LEAST)
def test_counts(
    mongod: Mongod,
    counting: Counting,
    run_node: Callable[..., str],
    driver: str,
    scenario: str,
    compressor: str | None,
) -> None:
    if scenario == "exhaust_cursor" and driver != "pymongo":
        pytest.skip("the driver has no exhaust cursors")
    with mongod.client(**POLL) as client:
        client.drop_database(driver)
    sessions = known_sessions(mongod)
    with counting() as counts:
        run_scenario(driver, run_node, mongod.uri_with(f"compressors={compressor}" if compressor else ""), scenario)
    sessions = known_sessions(mongod) - sessions
    # mongod looks twice for what it knows of a session when that first writes
    counts.assert_equal(aside={"find": 2 * sessions})
    counts.assert_operations()
    counts.assert_nothing_skipped()
    assert all(counts.expected[command] >= least for command, least in AT_LEAST[scenario].items())
    assert_held_back(counts, scenario in AWAITING)
    if scenario == "bulk_writes":
        # of a long reply in zstd no error is seen: its first bytes alone cannot be opened
        seen = 10 if compressor == "zstd" else 20
        assert counts.added.by("mme_mongo_write_errors_total", "command", "error") == {("insert", "DuplicateKey"): seen}
    if scenario == "large_documents":
        # Node's driver has the database behind the documents, where of a compressed message nobody looks
        database = "" if driver == "node" and compressor else driver
        assert counts.labels(command="insert") == {("insert", database, "c", "ok"): 2}
        assert counts.added.counter("mme_mongo_request_bytes_total", command="insert") > LARGE_BYTES
        assert counts.added.counter("mme_mongo_response_bytes_total", command="find") > LARGE_BYTES


def known_sessions(mongod: Mongod) -> int:
    """Those that have written."""
    with mongod.client(**POLL) as client:
        return client["config"]["transactions"].count_documents({})


def assert_held_back(counts: Counts, awaiting: bool) -> None:
    """Every getMore, or none, is counted apart; none of both is in the histogram."""
    getmores = counts.expected.get("getmore", 0)
    assert counts.added.counter(AWAITED, command="getMore") == (getmores if awaiting else 0)
    assert counts.added.counter(f"{DURATION}_count", command="getMore") == (0 if awaiting else getmores)
