"""The test of one kernel; prints TAP lines, and ends with 1 when a check failed."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mme_stack import Agent, Metrics, Mongod, Route, Stack, Traefik
from mme_stack.server import Server, StartError

from . import bpf, conversation
from .privileges import SETS, Privileges
from .tap import Tap

HTTP = "traefik_entrypoint"
MONGO = "mme_mongo_command_duration_seconds_count"
PATIENCE = 240  # an emulated CPU is 20 times slower, and may have to share its host

tap = Tap()


def settle(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Polls seldom: here the asking itself is dear."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def wait(server: Server) -> None:
    if not settle(lambda: server.ready() or not server.running) or not server.running:
        raise StartError(f"{server.name} is not ready:\n{server.tail()}")


def launch(stack: Stack, servers: list[Server], privileges: Privileges) -> Agent:
    agent = stack.agent(servers, start=False, prefix=privileges.prefix)
    agent.start(wait=False)
    return agent


def smallest(stack: Stack, servers: list[Server], agent: Agent) -> Agent | None:
    """The agent with the first of SETS that this kernel accepts; `agent` is the one that tries the first."""
    for p in SETS:
        agent = agent if p is SETS[0] else launch(stack, servers, p)
        settle(lambda a=agent: a.ready() or not a.running)
        if agent.running and agent.ready():
            tap.check(True, f"loads and attaches with {p.text}")
            tap.result("capabilities", p.text)
            return agent
        refused(agent, p)
    tap.check(False, "loads and attaches with a documented set of capabilities")
    return None


def refused(agent: Agent, privileges: Privileges) -> None:
    state = agent.get("/-/ready") if agent.running else f"exit status {agent.process and agent.process.returncode}"
    tap.note(f"not with {privileges.text}: {state}")
    tap.note(agent.tail(15))
    agent.stop()


def compare(agent: Agent, traefik: Traefik, mongod: Mongod) -> None:
    before = agent.metrics()
    http = conversation.ask_traefik(traefik)
    mongo = conversation.ask_mongod(mongod)
    names = {command for command, _ in mongo}
    added = before - before

    def arrived() -> bool:
        nonlocal added
        added = agent.metrics() - before
        return added.counter(f"{HTTP}_requests_total") >= http.requests.total() and commands(added, names) == mongo

    settle(arrived, 20)
    tap.equal(
        added.by(f"{HTTP}_requests_total", "code", "method"), dict(http.requests), "HTTP requests by code, method"
    )
    tap.equal(added.counter(f"{HTTP}_requests_bytes_total"), http.request_bytes, "bytes of HTTP request bodies")
    tap.equal(added.counter(f"{HTTP}_responses_bytes_total"), http.response_bytes, "bytes of HTTP response bodies")
    upstream = added.counter("mme_upstream_request_duration_seconds_count")
    tap.equal(upstream, http.requests.total(), "HTTP requests to the upstream")
    tap.equal(commands(added, names), dict(mongo), "MongoDB commands by command, outcome")
    tap.check(
        settle(lambda: accounted(agent.metrics()), 20),
        "bytes seen = parsed + skipped",
        agent.metrics().by("mme_agent_bytes_seen_total", "protocol"),
        agent.metrics().by("mme_agent_bytes_parsed_total", "protocol"),
    )


def in_flight(agent: Agent, traefik: Traefik) -> None:
    """Of clients that leave before they are answered."""
    clients = conversation.ask_without_end(traefik, 3)
    settle(lambda: busy(agent) == (3, 3), 20)
    tap.equal(busy(agent), (3, 3), "HTTP requests in flight on the entrypoint, to the upstream")
    for client in clients:
        client.close()
    settle(lambda: busy(agent) == (0, 0), 20)
    tap.equal(busy(agent), (0, 0), "none in flight when the clients have left")


def busy(agent: Agent) -> tuple[float, float]:
    metrics = agent.metrics()
    return metrics.counter("mme_http_requests_in_flight"), metrics.counter("mme_upstream_requests_in_flight")


def commands(metrics: Metrics, names: set[str]) -> dict[tuple[str, ...], float]:
    """Those of the conversation: drivers also say hello and end sessions on their own account."""
    return {k: v for k, v in metrics.by(MONGO, "command", "outcome").items() if k[0] in names}


def accounted(metrics: Metrics) -> bool:
    seen, parsed, skipped = (
        metrics.by(f"mme_agent_bytes_{what}_total", "protocol") for what in ("seen", "parsed", "skipped")
    )
    return bool(seen) and all(n == parsed.get(p, 0) + skipped.get(p, 0) for p, n in seen.items())


def locked_down(stack: Stack, servers: list[Server]) -> None:
    """Lockdown cannot be taken back: the last test of a machine. It forbids BPF to read kernel memory, which the agent
    does not."""
    lockdown = Path("/sys/kernel/security/lockdown")
    if not lockdown.exists():
        subprocess.run(["mount", "-t", "securityfs", "securityfs", str(lockdown.parent)], check=True)
    lockdown.write_text("confidentiality")
    tap.check("[confidentiality]" in lockdown.read_text(), "the kernel locks itself down", lockdown.read_text())
    agent = launch(stack, servers, SETS[-1])
    settle(lambda: agent.ready() or not agent.running)
    tap.check(agent.running and agent.ready(), "observes under lockdown for confidentiality", agent.tail(15))
    tap.check("mme_http_requests_in_flight" in agent.metrics().names(), "counts requests in flight under lockdown")
    agent.stop(PATIENCE)


def test() -> None:
    with Stack() as stack:
        upstream = stack.upstream(start=False)
        mongod = stack.mongod(start=False)
        traefik = stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], start=False)
        servers: list[Server] = [upstream, mongod, traefik]
        tap.equal(bpf.left_over(), {}, "no BPF before the agent")
        for s in servers:  # all together: most of their start is waiting for pages
            s.start(wait=False)
        first = launch(stack, [mongod, traefik], SETS[0])
        for s in servers:
            wait(s)
        agent = smallest(stack, [mongod, traefik], first)
        if agent is None:
            return
        for kind in ("traefik", "mongod"):
            agent.wait_observing(kind, PATIENCE)
        for name, instructions in sorted(bpf.verified_instructions().items()):
            tap.result("instructions", {name: instructions})
        compare(agent, traefik, mongod)
        in_flight(agent, traefik)
        tap.equal(agent.stop(PATIENCE), 0, "the agent ends with 0 when it is asked to")
        settle(lambda: not bpf.left_over(), 10)  # the kernel frees some of it later
        tap.equal(bpf.left_over(), {}, "no program, map or link is left")
        tap.equal([str(p) for p in Path("/sys/fs/bpf").iterdir()], [], "nothing is pinned")
        locked_down(stack, [mongod, traefik])


def main() -> int:
    try:
        test()
    except Exception as e:  # the result must say which kernel it was
        tap.check(False, f"goes through: {type(e).__name__}", e)
    tap.result("seconds", round(float(Path("/proc/uptime").read_text().split()[0])))
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
