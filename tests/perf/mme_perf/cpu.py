"""CPU time of servers, to the nanosecond as the scheduler counts it, wherever their packets were handled."""

import os
import resource
from collections.abc import Iterable
from pathlib import Path

from mme_stack.server import Server


def cgroup_seconds(server: Server) -> float:
    """Of every process that ever lived in the server's own cgroup."""
    lines = (server.cgroup.path / "cpu.stat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("usage_usec")) / 1e6


def children_seconds() -> float:
    """Of the load generators that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def softirq_threads_seconds() -> float:
    """Loopback packets are handled by whoever sends them, or in ksoftirqd when there are many."""
    total = 0
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().startswith("ksoftirqd/"):
                total += int((comm.parent / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


def of_all(servers: Iterable[Server]) -> float:
    """Servers, load generator and softirq threads together: a program that runs on one's packet in another's time
    counts in any case."""
    return sum(cgroup_seconds(s) for s in servers) + children_seconds() + softirq_threads_seconds()


def memory_bytes(pid: int) -> dict[str, int]:
    """VmRSS and VmHWM."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
            found[name] = int(value.split()[0]) * 1024
    return found


def machine() -> dict[str, str | int]:
    model = next(
        (
            x.split(":", 1)[1].strip()
            for x in Path("/proc/cpuinfo").read_text().splitlines()
            if x.startswith("model name")
        ),
        "unknown",
    )
    return {"cpu": model, "cpus": os.cpu_count() or 0, "kernel": os.uname().release}
