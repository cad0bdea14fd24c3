"""Connections to mongod as seen from outside, by application and client."""

import threading
import time
from collections.abc import Callable

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import QUIET

CONNECTIONS = "mme_mongo_client_connections"
SATURATED = "mme_mongo_pool_saturated_seconds_total"
CREATED = "mme_mongo_connections_created_total"
SLEEPS = {"$where": "sleep(6000) || true"}
LONGEST_GAP = 2  # seconds: a sample counts for the time since the last one, up to this


def test_connections_by_application(servers: Stack, observe: Callable[..., Agent]) -> None:
    mongod = servers.mongod(args=QUIET)
    with mongod.client() as client:
        client.mme.items.insert_one({"n": 1})
    agent = observe(mongod)

    def connections(application: str, state: str) -> float:
        return agent.metrics().counter(CONNECTIONS, application=application, client="127.0.0.1", state=state)

    def saturated() -> float:
        return agent.metrics().counter(SATURATED, application="shop", client="127.0.0.1")

    with (
        mongod.client(appname="shop", maxPoolSize=3, minPoolSize=3) as client,
        mongod.client(appname="watcher") as other,
    ):
        other.admin.command("ping")
        for _ in range(3):  # each connection of the pool has worked
            all_three(client.mme.items.find_one, {"$where": "sleep(100) || true"})
        wait_until(lambda: connections("shop", "open") >= 4)  # and those that watch the server
        wait_until(lambda: connections("shop", "busy") == 0)  # as of the last sample
        before, begun = saturated(), time.monotonic()

        def shop_alone_is_busy() -> bool:
            metrics = agent.metrics()
            busy = metrics.by(CONNECTIONS, "application", state="busy")
            return metrics.counter(CONNECTIONS, application="watcher") > 0 and busy == {("shop",): 3}

        all_three(client.mme.items.find_one, SLEEPS, lambda: wait_until(shop_alone_is_busy))
        took = time.monotonic() - begun
        wait_until(lambda: connections("shop", "busy") == 0)
        assert 2 <= saturated() - before <= took + LONGEST_GAP
        with mongod.client(appname="storm") as storm:
            storm.admin.command("ping")
        handshakes = agent.metrics().by("mme_mongo_handshakes_total", "application")
        assert handshakes["storm",] >= 2 and handshakes["shop",] >= 4
        wait_until(lambda: agent.metrics().value("mme_mongo_connections", state="open") >= 6)
    wait_until(lambda: connections("shop", "open") == connections("shop", "busy") == 0)


def all_three(what: Callable[..., object], query: object, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Three at once: one for each connection of the pool."""
    threads = [threading.Thread(target=what, args=(query,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()


def test_a_mongod_that_restarts_has_no_old_connections(servers: Stack, observe: Callable[..., Agent]) -> None:
    mongod: Mongod = servers.mongod(args=QUIET)
    agent = observe(mongod)
    with mongod.client(appname="shop") as client:
        client.admin.command("ping")
        wait_until(lambda: agent.metrics().counter(CONNECTIONS, application="shop", state="open") >= 2)
        mongod.restart()
        client.admin.command("ping")
        wait_until(lambda: 2 <= agent.metrics().counter(CONNECTIONS, application="shop", state="open") <= 4)


def test_created_as_mongod_counts_them(servers: Stack, observe: Callable[..., Agent]) -> None:
    mongod = servers.mongod(args=QUIET)
    with mongod.client() as client:
        client.admin.command("ping")
        agent = observe(mongod)
        earlier = client.admin.command("serverStatus")["connections"]["totalCreated"]
        for _ in range(20):
            with mongod.client() as other:
                other.admin.command("ping")

        def created() -> float:
            return client.admin.command("serverStatus")["connections"]["totalCreated"] - earlier

        wait_until(lambda: agent.metrics().value(CREATED) == created())
        assert created() >= 40  # and each client has one that watches the server
