"""Per command, what the agent counted is what mongod counted: difference 0."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from mme_stack import Mongod
from mme_stack.network import steered_loopback
from mongo_lib import Counting
from mongo_load import by_node, by_pymongo

COMMANDS = 25_000  # a driver and way of delivery: 100,000 in all
SEEN = {"insert", "find", "update", "delete", "aggregate", "count", "distinct", "findandmodify", "getmore"}
SEEN |= {"killcursors", "ping", "listindexes", "createindexes", "other", "endsessions", "serverstatus"}


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
