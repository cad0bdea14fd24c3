"""A family that is full has labels for those collections that are used most, whenever they came."""

import time

import pytest

from mme_stack import Metrics, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import DURATION, QUIET, Wire, assert_accounted

pytestmark = pytest.mark.slow

SERIES = 32  # and `_other`
PASS = 30  # seconds between two looks at what is cold
HOT = 10  # collections that are used all the time


@pytest.fixture
def mongod(servers: Stack) -> Mongod:
    return servers.mongod(args=QUIET)


def finds(metrics: Metrics) -> dict[str, float]:
    return {c: n for (c,), n in metrics.by(f"{DURATION}_count", "collection").items()}


def test_late_but_busy(servers: Stack, mongod: Mongod) -> None:
    agent = servers.agent([mongod], {"limits": {"series_per_family": SERIES}})
    asked: dict[str, int] = {}
    with Wire(mongod.port) as wire:

        def find(collection: str) -> None:
            assert wire.command({"find": collection, "filter": {}}, "top")["ok"] == 1
            asked[collection] = asked.get(collection, 0) + 1

        early = [f"early{n}" for n in range(HOT)]
        cold = [f"cold{n}" for n in range(SERIES - HOT)]
        late = [f"late{n}" for n in range(HOT)]
        for collection in [*early, *cold]:
            find(collection)
        assert wait_until(lambda: finds(agent.metrics())) == dict.fromkeys([*early, *cold], 1)

        before: dict[str, float] = {}
        began, shown = time.monotonic(), set[str]()
        while not shown >= set(late) and time.monotonic() < began + 10 * PASS:
            for collection in [*early, *late]:
                find(collection)
            time.sleep(0.1)
            metrics = agent.metrics()
            counts = finds(metrics)
            retired = metrics.counter("mme_agent_series_retired_exchanges_total", family="mongo")
            assert sum(counts.values()) + retired == sum(asked.values())  # none is lost, none counted twice
            assert counts.get("_other", 0) >= before.get("_other", 0)
            assert all(counts[c] == asked[c] for c in early)  # who is used keeps the place
            shown, before = set(counts), counts
        print(f"all have a label after {time.monotonic() - began:.0f} s; without: {set(cold) - shown}")
        assert shown >= set(late)
        assert len(shown) <= SERIES + 1
        assert metrics.counter("mme_agent_series_retired_total", family="mongo") >= HOT
        kept = {c: counts[c] for c in late}
        for collection in late:
            find(collection)
        assert wait_until(lambda: (now := finds(agent.metrics())) and all(now[c] == kept[c] + 1 for c in late))
    assert_accounted(agent.metrics())
