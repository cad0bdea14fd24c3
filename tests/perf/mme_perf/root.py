"""What a packet costs that is none of ours: with the hooks on the root cgroup, and on the target's own."""

import time

from mme_stack import Route, Stack
from mme_stack.cgroups import mount
from mme_stack.load import wrk

from .bpf import Noop, Runs, run_statistics
from .kernel import HOOKS, program_runs
from .result import Figure, median


def foreign_packets(quick: bool) -> list[Figure]:
    requests, times = (20_000, 3) if quick else (60_000, 7)
    with Stack() as stack, run_statistics():
        stranger = stack.upstream(name="stranger")
        upstream = stack.upstream()

        def load() -> None:
            made = wrk(f"{stranger.url}/?size=100", requests, 64, threads=2)
            assert made.requests == requests, made

        own = stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="own")
        with stack.nested() as inner:
            agent = inner.agent([own])
            time.sleep(1)  # what readiness asked of Traefik is over
            before = hooks(agent.metrics())
            load()
            moved = hooks(agent.metrics()).count - before.count

        root = stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="root", cgroup="/")
        agent = stack.agent([root])
        nets, packets, baselines = [], 0.0, []
        with Noop(mount()) as noop:
            for _ in range(times):
                before, idle = hooks(agent.metrics()), noop.runs()
                load()
                added, nothing = hooks(agent.metrics()) - before, noop.runs() - idle
                nets.append(added.each_ns - nothing.each_ns)
                baselines.append(nothing.each_ns)
                packets += added.count
    return [
        Figure("foreign/own cgroup", moved, "runs", limit=0, note=f"of {2 * requests:,} foreign packets and more"),
        Figure(
            "foreign/root cgroup",
            median(nets),
            "ns",
            limit=50,
            note="net, a foreign packet",
            details={"packets": packets, "noop_ns": median(baselines)},
            rounds=nets,
        ),
    ]


def hooks(metrics: object) -> Runs:
    runs = program_runs(metrics)  # type: ignore[arg-type]
    return sum((runs.get(h, Runs()) for h in HOOKS), Runs())
