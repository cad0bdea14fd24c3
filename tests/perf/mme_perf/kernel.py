"""What the BPF programs cost, by the kernel's own run statistics, net of what those read for `return 1`."""

from collections.abc import Callable
from dataclasses import dataclass

from mme_stack import Agent, Metrics, Stack
from mme_stack.load import wrk
from mme_stack.server import Server

from .bpf import Noop, Runs, run_statistics
from .result import Figure, median
from .stand import http_stand, many_routers, mongo_stand

HOOKS = ("ingress", "egress")


def program_runs(metrics: Metrics) -> dict[str, Runs]:
    """By program, since the agent started."""
    counts = metrics.by("mme_agent_bpf_runs_total", "program")
    seconds = metrics.by("mme_agent_bpf_run_seconds_total", "program")
    return {program: Runs(n, seconds.get((program,), 0) * 1e9) for (program,), n in counts.items()}


@dataclass
class Measured:
    """One round of a load."""

    exchanges: int
    programs: dict[str, Runs]
    noop_ns: float
    packets: float  # as the no-op counted them

    @property
    def net_ns(self) -> float:
        """Of all programs, for one exchange."""
        return sum(r.ns - r.count * self.noop_ns for r in self.programs.values()) / self.exchanges

    def row(self) -> dict[str, float]:
        runs = sum((self.programs.get(h, Runs()) for h in HOOKS), Runs())
        row = {"net_ns": self.net_ns, "noop_ns": self.noop_ns, "runs": runs.count / self.exchanges}
        for name, r in self.programs.items():
            if r.count / self.exchanges > 0.01:
                row[f"{name}_net_ns_a_run"] = r.each_ns - self.noop_ns
                row[f"{name}_runs"] = r.count / self.exchanges
        return row


def measure(agent: Agent, noop: Noop, load: Callable[[], int]) -> Measured:
    before, idle = program_runs(agent.metrics()), noop.runs()
    exchanges = load()
    packets = noop.runs() - idle
    after = program_runs(agent.metrics())
    added = {p: r - before.get(p, Runs()) for p, r in after.items()}
    return Measured(exchanges, added, packets.each_ns, packets.count)


def rounds(agent: Agent, server: Server, load: Callable[[], int], times: int) -> list[Measured]:
    with Noop(server.cgroup.path) as noop:
        load()  # warm: every connection, every series
        return [measure(agent, noop, load) for _ in range(times)]


def figure(name: str, measured: list[Measured], limit: float | None, exchange: str) -> Figure:
    nets = [m.net_ns for m in measured]
    typical = sorted(measured, key=lambda m: m.net_ns)[len(measured) // 2]
    return Figure(
        f"kernel/{name}", median(nets), "ns", limit=limit, note=f"net, a {exchange}", details=typical.row(), rounds=nets
    )


def http_load(url: str, requests: int, connections: int) -> Callable[[], int]:
    def load() -> int:
        made = wrk(url, requests, connections, threads=2 if connections > 1 else 1)
        assert made.requests == requests and not made.errors, made
        return requests

    return load


def kernel_http(quick: bool) -> list[Figure]:
    requests, times = (20_000, 3) if quick else (60_000, 7)
    figures = []
    with Stack() as stack, run_statistics():
        traefik, direct, upstream = http_stand(stack)
        routers = many_routers(stack, upstream)
        agent = stack.agent([traefik, direct, routers])
        for name, url, server, limit, what in [
            ("http proxied, 64 connections", f"{traefik.url}/?size=100", traefik, 2000, "request, both legs"),
            ("http proxied, 1 connection", f"{traefik.url}/?size=100", traefik, 2000, "request, both legs"),
            ("http proxied, 64 connections, 100 routers", f"{routers.url}/r77/a?size=100", routers, 2000, "as above"),
            ("http one leg, 64 connections", f"{direct.url}/ping", direct, 1000, "request, entrypoint leg alone"),
        ]:
            connections = 1 if "1 connection" in name else 64
            count = requests // 4 if connections == 1 else requests
            measured = rounds(agent, server, http_load(url, count, connections), times)
            figures.append(figure(name, measured, limit, what))
    return figures


def kernel_mongo(quick: bool) -> list[Figure]:
    finds, times = (5_000, 3) if quick else (20_000, 7)
    figures = []
    with Stack() as stack, run_statistics():
        mongod, load = mongo_stand(stack)
        agent = stack.agent([mongod])
        measured = rounds(agent, mongod, lambda: load(finds), times)
        figures.append(figure("mongodb find", measured, 1000, "find"))
    return figures
