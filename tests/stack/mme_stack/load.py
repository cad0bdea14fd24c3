"""Load generators that say exactly how many requests they made, by status, with none left in flight at the end."""

import csv
import math
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .paths import REPO


@dataclass
class LoadResult:
    """What a generator saw. `durations` (seconds, one a request) only from hey and h2load."""

    statuses: Counter[int]
    errors: int = 0
    seconds: float = 0
    durations: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())

    def quantile(self, q: float) -> float:
        """Nearest rank."""
        assert self.durations, "this generator keeps no durations"
        return sorted(self.durations)[max(0, math.ceil(q * len(self.durations)) - 1)]


def hey(
    url: str,
    requests: int,
    connections: int = 10,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    keepalive: bool = True,
    rate: float | None = None,
    timeout: float = 600,
) -> LoadResult:
    """`rate`: requests a second of all connections together. hey rounds `requests` down to the same for each worker."""
    argv = hey_argv(
        url, requests, connections, method=method, headers=headers, body=body, keepalive=keepalive, rate=rate
    )
    out = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, timeout=timeout).stdout
    return read_hey(out, requests)


def hey_argv(
    url: str,
    requests: int,
    connections: int,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    keepalive: bool = True,
    rate: float | None = None,
) -> list[str]:
    assert requests % connections == 0, f"hey can only make a multiple of {connections} requests"
    argv = ["hey", "-o", "csv", "-n", f"{requests}", "-c", f"{connections}", "-m", method, "-t", "60"]
    argv += ["-disable-compression", "-disable-redirects", *(f"-H={k}: {v}" for k, v in (headers or {}).items())]
    if body is not None:
        argv += ["-d", body]
    if not keepalive:
        argv.append("-disable-keepalive")
    if rate is not None:
        argv += ["-q", f"{rate / connections:g}"]
    return [*argv, url]


def read_hey(out: str, requests: int) -> LoadResult:
    rows = list(csv.DictReader(out.splitlines()))
    statuses = Counter(int(r["status-code"]) for r in rows)
    durations = [float(r["response-time"]) for r in rows]
    ended = max((float(r["offset"]) + float(r["response-time"]) for r in rows), default=0)
    return LoadResult(statuses, requests - len(rows), ended, durations)


def h2load(
    url: str,
    requests: int,
    connections: int = 10,
    *,
    threads: int = 1,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    pipeline: int = 1,
    timeout: float = 600,
) -> LoadResult:
    """HTTP/1.1 by h2load; a `body` makes it POST. `pipeline` requests are sent ahead on each connection."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        argv = ["h2load", "--h1", f"-n{requests}", f"-c{connections}", f"-t{threads}", f"-m{pipeline}"]
        argv += [f"--log-file={log}", *(f"-H{k}: {v}" for k, v in (headers or {}).items())]
        if body is not None:
            data = Path(scratch, "body")
            data.write_bytes(body)
            argv.append(f"-d{data}")
        out = subprocess.run([*argv, url], stdout=subprocess.PIPE, text=True, check=True, timeout=timeout).stdout
        rows = [line.split("\t") for line in log.read_text().splitlines()]
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", out)
    seconds = re.search(r"finished in ([\d.]+)(us|ms|s|m)", out)
    assert failed and seconds, out
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[seconds[2]]
    answered = [r for r in rows if int(r[1]) > 0]
    return LoadResult(
        Counter(int(r[1]) for r in answered),
        requests - len(answered),
        float(seconds[1]) * scale,
        [int(r[2]) / 1e6 for r in answered],
    )


def wrk(
    url: str,
    requests: int,
    connections: int = 10,
    *,
    threads: int = 1,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body_bytes: int = 0,
    keepalive: bool = True,
    timeout: float = 600,
) -> LoadResult:
    """Exactly `requests` by wrk, which otherwise stops in the middle of some: see exact.lua."""
    assert requests % threads == 0 and connections % threads == 0, "requests and connections are shared out evenly"
    assert requests >= connections, "wrk opens every connection for a request"
    all_headers = {**(headers or {}), **({} if keepalive else {"Connection": "close"})}
    argv = ["wrk", "-d24h", f"-t{threads}", f"-c{connections}", "--timeout=60s"]
    argv += ["-s", str(REPO / "tests/stack/wrk/exact.lua"), *(f"-H{k}: {v}" for k, v in all_headers.items())]
    argv += [url, "--", f"{requests // threads}", f"{connections // threads}", method]
    argv += [f"{body_bytes}"] if body_bytes else []
    return read_wrk(run_wrk(argv, threads, timeout))


def run_wrk(argv: Sequence[str], threads: int, timeout: float) -> str:
    with subprocess.Popen(["timeout", f"{timeout}", *argv], stdout=-1, stderr=-1, text=True) as p:
        assert p.stderr and p.stdout
        try:
            finished = 0
            for line in p.stderr:
                finished += line == "thread finished\n"
                if finished == threads:
                    p.send_signal(signal.SIGINT)  # timeout passes it on
                    break
            out, _ = p.communicate(timeout=30)
        except BaseException:
            p.terminate()
            raise
    assert finished == threads, f"wrk: {finished} of {threads} threads finished in {timeout} s"
    return out


def read_wrk(out: str) -> LoadResult:
    numbers = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", re.search(r"^RESULT (.*)$", out, re.M)[1])}  # type: ignore[index]
    statuses: Counter[int] = Counter()
    for status, n in re.findall(r"(\d+)=(\d+)", re.search(r"^STATUSES (.*)$", out, re.M)[1]):  # type: ignore[index]
        statuses[int(status)] += int(n)
    errors = sum(numbers[k] for k in ("connect", "read", "write", "timeout"))
    assert errors or statuses.total() == numbers["requests"], out
    return LoadResult(statuses, errors, numbers["duration_us"] / 1e6)
