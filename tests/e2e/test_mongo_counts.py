"""Per command, what the agent counted is what mongod counted: difference 0."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from mme_stack import Agent, Mongod, Stack
from mme_stack.network import steered_loopback
from mongo_lib import QUIET, Oracle, counting
from mongo_load import by_node, by_pymongo

COMMANDS = 25_000  # a driver and way of delivery: 100,000 in all
SEEN = {"insert", "find", "update", "delete", "aggregate", "count", "distinct", "findandmodify", "getmore"}
SEEN |= {"killcursors", "ping", "listindexes", "createindexes", "other", "endsessions", "serverstatus"}


@pytest.fixture(scope="module")
def mongod(stack: Stack) -> Mongod:
    return stack.mongod(name="counted-mongod", args=QUIET)


@pytest.fixture(scope="module")
def agent(stack: Stack, mongod: Mongod) -> Iterator[Agent]:
    with stack.nested() as inner:
        yield inner.agent([mongod])


@pytest.fixture
def oracle(agent: Agent, mongod: Mongod) -> Iterator[Oracle]:  # noqa: ARG001 -- an order of starting
    """A connection younger than the agent."""
    oracle = Oracle(mongod)
    yield oracle
    oracle.close()


@pytest.mark.parametrize("steered", [False, True], ids=["plain", "steered"])
@pytest.mark.parametrize("driver", ["pymongo", "node"])
def test_counts(
    mongod: Mongod, agent: Agent, oracle: Oracle, run_node: Callable[..., str], driver: str, steered: bool
) -> None:
    with mongod.client() as client:
        client.drop_database(driver)
    with steered_loopback() if steered else nullcontext(), counting(agent, oracle) as counts:
        if driver == "pymongo":
            by_pymongo(mongod, COMMANDS)
        else:
            by_node(run_node, mongod, COMMANDS)
    assert sum(counts.expected.values()) >= COMMANDS
    assert set(counts.expected) >= SEEN
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.added.counter("mme_mongo_unacknowledged_total") >= 3 * COMMANDS / 50
