"""What asking mongod for its serverStatus costs a scrape, beside mongodb_exporter for the same mongod."""

import os
import signal
import time
from dataclasses import dataclass

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import request, wait_until
from mme_stack.server import Server

from .cpu import cgroup_seconds
from .result import Figure, median

PART = "/metrics/mongodb"


@dataclass
class Cost:
    """CPU time for one scrape, user and kernel."""

    server_ms: float
    mongod_ms: float  # more than it uses by itself


def idle_share(mongod: Mongod) -> float:
    """Of a CPU, what it uses by itself."""
    seconds = 2.0
    before = cgroup_seconds(mongod)
    time.sleep(seconds)
    return (cgroup_seconds(mongod) - before) / seconds


def cost(server: Server, mongod: Mongod, url: str, times: int, idle: float) -> Cost:
    begun, before, mongod_before = time.monotonic(), cgroup_seconds(server), cgroup_seconds(mongod)
    for _ in range(times):
        status, _ = request(url)
        assert status == 200
    own, of_mongod = cgroup_seconds(server) - before, cgroup_seconds(mongod) - mongod_before
    of_mongod -= idle * (time.monotonic() - begun)
    return Cost(own / times * 1e3, of_mongod / times * 1e3)


def configure(agent: Agent, mongod: Mongod, asked: bool) -> None:
    target = {**mongod.target(), **({"uri_file": str(mongod.directory / "uri")} if asked else {})}
    agent.write_config({"targets": {"traefik": [], "mongod": [target]}})
    os.kill(agent.pid, signal.SIGHUP)
    wait_until(lambda: (agent.metrics(PART).counter("mongodb_up") == 1) == asked)


def server_status(quick: bool) -> list[Figure]:
    rounds, times = (5, 20) if quick else (11, 50)
    added: list[float] = []
    ours: list[Cost] = []
    theirs: list[Cost] = []
    with Stack() as stack:
        mongod = stack.mongod(diagnostics=True)
        (mongod.directory / "uri").write_text(f"mongodb://127.0.0.1:{mongod.port}/")
        agent = stack.agent([mongod])
        exporter = stack.mongodb_exporter(f"mongodb://127.0.0.1:{mongod.port}/")
        for _ in range(rounds):
            idle = idle_share(mongod)
            configure(agent, mongod, False)
            without = cost(agent, mongod, agent.url + PART, times, idle)
            configure(agent, mongod, True)
            ours.append(cost(agent, mongod, agent.url + PART, times, idle))
            added.append(ours[-1].server_ms - without.server_ms)
            theirs.append(cost(exporter, mongod, exporter.url + "/metrics", times, idle))
    return [
        figure("CPU of the agent", added, "more than without, a scrape", limit=5),
        figure("CPU of mongodb_exporter", [c.server_ms for c in theirs], "a scrape, all of it"),
        figure("CPU of mongod for the agent", [c.mongod_ms for c in ours], "a scrape"),
        figure("CPU of mongod for mongodb_exporter", [c.mongod_ms for c in theirs], "a scrape"),
    ]


def figure(what: str, rounds: list[float], note: str, limit: float | None = None) -> Figure:
    return Figure(f"serverStatus/{what}", median(rounds), "ms", limit, note, rounds=rounds)
