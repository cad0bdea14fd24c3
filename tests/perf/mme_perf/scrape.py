"""How long a scrape takes: with many series, and after many more requests on the same series."""

import socket
import sys
import time
from pathlib import Path

from mme_stack import Agent, Stack
from mme_stack.ports import accepts, free_port
from mme_stack.server import Server

from .cpu import cgroup_seconds
from .fake_mongod import HEADER, message
from .result import Figure, median

PACKAGES = Path(__file__).resolve().parents[1]
SERIES = 2_000


class FakeMongod(Server):
    kind = "mongod"

    def __init__(self, directory: Path) -> None:
        super().__init__("fake-mongod", directory, env={"PYTHONPATH": str(PACKAGES)})
        self.port = free_port()

    def argv(self) -> list[str]:
        return [sys.executable, "-m", "mme_perf.fake_mongod", str(self.port)]

    def ready(self) -> bool:
        return accepts(self.port)

    def target(self) -> dict[str, object]:
        return {"name": self.name, "pid": self.pid}


def find_in_each(port: int, collections: int, times: int) -> None:
    """`times` finds in each of so many collections, over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for _ in range(times):
            for i in range(collections):
                connection.sendall(message(i, 0, {"find": f"collection{i}", "filter": {}, "$db": "perf"}))
                length = HEADER.unpack(stream.read(HEADER.size))[0]
                stream.read(length - HEADER.size)


def scrape_ms(agent: Agent, times: int) -> tuple[list[float], float, int]:
    """Wall times, the agent's CPU time for one, the size of the last."""
    taken, size = [], 0
    cpu = cgroup_seconds(agent)
    for _ in range(times):
        started = time.perf_counter()
        status, body = agent.get("/metrics")
        taken.append((time.perf_counter() - started) * 1e3)
        assert status == 200
        size = len(body)
    return taken, (cgroup_seconds(agent) - cpu) / times * 1e3, size


def scrape(quick: bool) -> list[Figure]:
    times = 15 if quick else 50
    with Stack() as stack:
        _, directory = stack.place("fake-mongod")
        server = stack.run(FakeMongod(directory))
        agent = stack.agent([server])
        empty, _, _ = scrape_ms(agent, times)
        find_in_each(server.port, SERIES, 1)
        made = int(agent.metrics().counter("mme_agent_series", family="mongo"))
        assert made == SERIES, f"{made} series"
        full, cpu, size = scrape_ms(agent, times)
        find_in_each(server.port, SERIES, 5 if quick else 20)
        _, busier_cpu, _ = scrape_ms(agent, times)
    return [
        Figure("scrape/no series", median(empty), "ms", rounds=empty),
        Figure("scrape/2,000 series", median(full), "ms", 20, f"{size / 1e6:.1f} MB of text", rounds=full),
        Figure("scrape/2,000 series, CPU", cpu, "ms", 20, "of the agent, kernel and user"),
        Figure(
            "scrape/after more requests",
            busier_cpu / cpu,
            "x",
            1.5,
            f"CPU with the same series, {6 if quick else 21} times the requests",
        ),
    ]
