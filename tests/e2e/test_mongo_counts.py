"""Per command, what the agent counted is what mongod counted: difference 0."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from mme_stack import Mongod, Stack
from mme_stack.fetch import request
from mme_stack.network import steered_loopback
from mongo_lib import DURATION, Counting
from mongo_load import by_node, by_pymongo

COMMANDS = 25_000  # a driver and way of delivery: 100,000 in all
SEEN = {"insert", "find", "update", "delete", "aggregate", "count", "distinct", "findandmodify", "getmore"}
SEEN |= {"killcursors", "ping", "listindexes", "createindexes", "other", "endsessions", "serverstatus"}


@pytest.mark.parametrize("compressor", ["snappy", "zlib", "zstd"])
@pytest.mark.parametrize("driver", ["pymongo", "node", "go"])
def test_counts_of_compressed_commands(
    servers: Stack, mongod: Mongod, counting: Counting, run_node: Callable[..., str], driver: str, compressor: str
) -> None:
    if driver == "node" and compressor != "zlib":
        pytest.skip("the Node driver has snappy and zstd by packages of machine code only")
    with mongod.client() as client:
        client.drop_database(driver)
    with counting() as counts:
        if driver == "pymongo":
            by_pymongo(mongod, 5_000, compressors=compressor)
        elif driver == "node":
            by_node(run_node, mongod, 5_000, compressors=compressor)
        else:
            by_go(servers, mongod, compressor)
    taken = [s["network"]["compression"][compressor]["decompressor"]["bytesIn"] for s in counts.statuses]
    assert taken[1] - taken[0] > 10_000
    ours = counts.ours()
    assert "compressed" not in ours
    assert ours == counts.expected
    counts.assert_nothing_skipped()
    if driver != "go":
        assert set(counts.expected) >= SEEN
        rounds = counts.expected["distinct"]
        assert counts.added.counter("mme_mongo_unacknowledged_total") == 3 * rounds
        assert counts.added.counter("mme_mongo_write_errors_total", command="insert") == rounds
        collections = counts.added.by(f"{DURATION}_count", "database", "collection", command="find")
        assert set(collections) == {(driver, f"c{n}") for n in range(4)}


def by_go(servers: Stack, mongod: Mongod, compressor: str) -> None:
    """Its documents are long and of random numbers."""
    mme = servers.mme(mongod, options=f"compressors={compressor}")
    for n in range(200):
        assert request(f"{mme.url}/promote", method="POST", headers={"X-Tenant-ID": f"tenant-{'abc'[n % 3]}"})[0] < 500
    mme.stop()


@pytest.mark.parametrize("steered", [False, True], ids=["plain", "steered"])
@pytest.mark.parametrize("driver", ["pymongo", "node"])
def test_counts(mongod: Mongod, counting: Counting, run_node: Callable[..., str], driver: str, steered: bool) -> None:
    with mongod.client() as client:
        client.drop_database(driver)
    with steered_loopback() if steered else nullcontext(), counting() as counts:
        if driver == "pymongo":
            by_pymongo(mongod, COMMANDS)
        else:
            by_node(run_node, mongod, COMMANDS)
    assert sum(counts.expected.values()) >= COMMANDS
    assert set(counts.expected) >= SEEN
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.added.counter("mme_mongo_unacknowledged_total") >= 3 * COMMANDS / 50
