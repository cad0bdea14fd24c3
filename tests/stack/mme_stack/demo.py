"""The demonstration: real servers, a bounded load, and what the agent says about them."""

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .agent import Agent
from .load import LoadResult, hey_argv, read_hey
from .metrics import Metrics
from .ports import accepts, free_port
from .stack import Stack
from .traefik import Route, Traefik

ENTRYPOINT = "traefik_entrypoint_requests_total"
DURATION = "traefik_entrypoint_request_duration_seconds"
BYTES = "mme_agent_bytes"
COMMANDS = "mme_mongo_command_duration_seconds_count"


@dataclass
class Part:
    """One share of the load: so many requests a second to one path."""

    name: str
    path: str
    rate: float
    connections: int = 2
    method: str = "POST"
    tenant: str = "tenant-a"


def parts(rate: float) -> list[Part]:
    return [
        Part("promote", "/promote", rate * 0.35, 5),
        Part("promote (another tenant)", "/promote", rate * 0.25, 5, tenant="tenant-b"),
        Part("list memories", "/memories?limit=20", rate * 0.4, 5, method="GET"),
        Part("slow in mongod", "/promote?mongo_delay=250ms", 2),
        Part("slow in the service", "/promote?delay=400ms", 1),
        Part("refused by mongod", "/promote?collide=1", 1, 1),
        Part("server error", "/promote?fail=500", 1, 1),
        Part("without a tenant", "/promote", 1, 1, tenant=""),
    ]


class Load:
    """hey, one process a part, each with a fixed number of requests, so that counts can be compared at the end."""

    def __init__(self, url: str, rate: float, seconds: float, directory: Path) -> None:
        self.running: list[tuple[subprocess.Popen[bytes], Path, int]] = []
        for i, p in enumerate(parts(rate)):
            requests = max(1, round(p.rate * seconds / p.connections)) * p.connections
            headers = {"X-Tenant-ID": p.tenant} if p.tenant else {}
            argv = hey_argv(url + p.path, requests, p.connections, method=p.method, headers=headers, rate=p.rate)
            out = directory / f"load-{i}.csv"
            with out.open("wb") as f:
                process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", *argv], stdout=f, stdin=subprocess.DEVNULL
                )
            self.running.append((process, out, requests))

    def wait(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while any(p.poll() is None for p, _, _ in self.running):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def stop(self) -> None:
        for p, _, _ in self.running:
            p.kill()
            p.wait()

    def result(self) -> LoadResult:
        total = LoadResult(Counter())
        for _, out, requests in self.running:
            one = read_hey(out.read_text(), requests)
            total.statuses += one.statuses
            total.errors += one.errors
            total.durations += one.durations
        return total


def say(text: str) -> None:
    print(f">> {text}", flush=True)


def host_servers() -> list[str]:
    """Traefik and mongod processes that this host already runs."""
    found = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            name = comm.read_text().strip()
        except OSError:
            continue
        if name in ("traefik", "mongod"):
            found.append(f"{name} (pid {comm.parent.name})")
    return sorted(found)


def wants_host(found: list[str]) -> bool:
    say("this host already runs " + ", ".join(found))
    if not sys.stdin.isatty():
        say("no terminal to ask on whether to observe those: going on with servers of its own")
        return False
    return input("Observe those instead of starting servers for the demo? [y/N] ").strip().lower() in ("y", "yes")


def agent_port() -> int:
    return free_port() if accepts(9477) else 9477


def show_status(agent: Agent, note: str) -> None:
    if sys.stdout.isatty():
        print("\033[H\033[2J", end="")
    print(f"$ mme-agent status        ({note})", flush=True)
    subprocess.run(agent.status_argv(), check=False)  # its own terminal, colours included
    print(flush=True)


def watch(agent: Agent, seconds: float, load: Load | None) -> None:
    """On a terminal a status that refreshes, elsewhere four of them over the time, then waits for the load's end."""
    ends = time.monotonic() + seconds
    interval = 2.0 if sys.stdout.isatty() else seconds / 4
    note = f"metrics at {agent.url}/metrics, Ctrl-C ends"
    while (left := ends - time.monotonic()) > interval / 2:
        if load is None:
            time.sleep(min(interval, left))
        elif load.wait(min(interval, left)):
            break
        show_status(agent, note)
    if load and not load.wait(60):
        say("the load takes too long on this machine: ending it")
    show_status(agent, note)


def observe_host(seconds: float) -> int:
    with Stack() as stack:
        agent = stack.agent(port=agent_port())
        say(f"metrics: {agent.url}/metrics")
        watch(agent, seconds, None)
    return 0


def servers(stack: Stack) -> Traefik:
    """MME as in production: /promote and /memories behind Traefik, with its documents in mongod."""
    mongod = stack.mongod()
    mme = stack.mme(mongod)
    routes = [
        Route("Path(`/promote`)", [mme.url], router="promote", service="mme-tagging"),
        Route("PathPrefix(`/memories`)", [mme.url], router="memories", service="mme-memories"),
    ]
    return stack.traefik(routes)


def run(seconds: float, rate: float) -> int:
    """Exit status: 0 when the agent counted what the load made."""
    found = host_servers()
    if found and wants_host(found):
        return observe_host(seconds)
    with Stack() as stack:
        say("starting mongod, the MME service and Traefik, each in its own cgroup, none of them set up for metrics")
        traefik = servers(stack)
        say("starting the agent" + ("" if found else " without any configuration"))
        observed = stack.servers if found else ()
        agent = stack.agent([s for s in observed if s.name in ("traefik", "mongod")], port=agent_port())
        for kind in ("traefik", "mongod"):
            agent.wait_observing(kind)
        say(f"metrics: {agent.url}/metrics")
        say(f"load: {seconds:.0f} s of about {rate:.0f} requests/s, some of them slow or failing")
        before = agent.metrics()
        load = Load(traefik.url, rate, seconds, stack.directory)
        try:
            watch(agent, seconds, load)
        finally:
            load.stop()
        time.sleep(0.5)
        return conclude(load.result(), agent, agent.metrics() - before)


def conclude(made: LoadResult, agent: Agent, delta: Metrics) -> int:
    counted = delta.by(ENTRYPOINT, "code")
    sent = {(str(code),): float(n) for code, n in made.statuses.items()}
    spread = ", ".join(f"{n} x {code}" for code, n in sorted(made.statuses.items()))
    commands = delta.counter(COMMANDS)
    print(f"requests made by the load:    {made.requests} ({spread}), {made.errors} unanswered")
    print(f"counted by the agent:         {sum(counted.values()):.0f}" + ("" if counted == sent else f": {counted}"))
    print(f"p95 as the clients saw it:    {made.quantile(0.95) * 1000:.0f} ms")
    print(f"p95 from the agent's buckets: {delta.quantile(0.95, DURATION) * 1000:.0f} ms")
    print(f"MongoDB commands counted:     {commands:.0f}")
    seen, parsed, skipped = (delta.counter(f"{BYTES}_{what}_total") for what in ("seen", "parsed", "skipped"))
    print(f"bytes seen on the wire:       {seen:.0f} = {parsed:.0f} parsed + {skipped:.0f} skipped")
    if counted == sent and commands > 0 and seen == parsed + skipped:
        print("The counts are equal.")
        return 0
    print(f"The counts differ. Log of the agent:\n{agent.tail()}", file=sys.stderr)
    return 1
