"""What the agent process itself uses while a Traefik is under full load, scraped every 5 s."""

import json
import threading
import time

from mme_stack import Agent, Stack
from mme_stack.load import wrk

from .cpu import cgroup_seconds, memory_bytes
from .result import Figure
from .stand import http_stand

MB = 1_000_000
SCRAPE_EVERY = 5


def agent_cost(quick: bool) -> list[Figure]:
    seconds = 20 if quick else 60
    with Stack() as stack:
        traefik, _, _ = http_stand(stack)
        agent = stack.agent([traefik], {"log": {"format": "json"}})
        wrk(f"{traefik.url}/?size=100", 2_000, 50, threads=2)
        stop = threading.Event()
        scraper = threading.Thread(target=scrape_until, args=(agent, stop))
        scraper.start()
        cpu, started, requests = cgroup_seconds(agent), time.monotonic(), 0
        while time.monotonic() - started < seconds:
            requests += wrk(f"{traefik.url}/?size=100", 6_400, 64, threads=2).requests
        elapsed = time.monotonic() - started
        cpu = cgroup_seconds(agent) - cpu
        stop.set()
        scraper.join()
        memory = memory_bytes(agent.pid)
        kernel = start_line(agent)
    share = cpu / elapsed * 100
    details = {"requests_a_second": requests / elapsed, "seconds": elapsed}
    figures = [
        Figure(
            "agent/CPU",
            share,
            "%",
            1,
            f"of a core, at {requests / elapsed:,.0f} requests/s, a scrape every 5 s",
            details,
        ),
        Figure("agent/RSS", memory["VmRSS"] / MB, "MB", 40, f"at most {memory['VmHWM'] / MB:.1f} MB"),
        Figure("agent/kernel memory", kernel["kernel_memory_bytes"] / MB, "MB", 16, f"{kernel['possible_cpus']} CPUs"),
    ]
    if "kernel_memory_bytes_128_cpus" in kernel:
        figures.append(
            Figure("agent/kernel memory, 128 CPUs", kernel["kernel_memory_bytes_128_cpus"] / MB, "MB", 64, "computed")
        )
    return figures


def scrape_until(agent: Agent, stop: threading.Event) -> None:
    while not stop.wait(SCRAPE_EVERY):
        agent.get("/metrics")


def start_line(agent: Agent) -> dict[str, int]:
    """What the agent says of its maps when it starts."""
    for line in agent.log.read_text().splitlines():
        if '"kernel_memory_bytes"' in line:
            return {k: int(v) for k, v in json.loads(line).items() if str(v).isdigit()}
    raise AssertionError(f"no kernel_memory_bytes in the log:\n{agent.tail()}")
