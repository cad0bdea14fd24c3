"""Prometheus, scraping and evaluating its rules every second."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from .fetch import request, status_of, wait_until
from .ports import free_port
from .server import Server

Labels = frozenset[tuple[str, str]]
EVALUATED = "stack_evaluated"  # a sample each time that the rules were evaluated


class Prometheus(Server):
    """`jobs`: a job's name to the URL it scrapes. `rules`: of one group, so that all have the same timestamps."""

    def __init__(
        self,
        directory: Path,
        jobs: Mapping[str, str],
        *,
        rules: Sequence[Mapping[str, Any]] = (),
        name: str = "prometheus",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, directory, **kwargs)
        self.port = free_port()
        self.jobs = len(jobs)
        self.config_file = directory / "prometheus.yml"
        self.rule_file = directory / "rules.yml"
        self.config_file.write_text(yaml.safe_dump(self.config(jobs), sort_keys=False))
        groups = [{"name": "rules", "rules": [*map(dict, rules), {"record": EVALUATED, "expr": "vector(1)"}]}]
        self.rule_file.write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))

    def config(self, jobs: Mapping[str, str]) -> dict[str, Any]:
        interval = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        return {"global": interval, "rule_files": [str(self.rule_file)], "scrape_configs": [*map(job, jobs.items())]}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        listen = f"--web.listen-address=127.0.0.1:{self.port}"
        storage = [f"--storage.tsdb.path={self.directory / 'data'}", "--storage.tsdb.retention.time=1h"]
        return ["prometheus", f"--config.file={self.config_file}", listen, *storage]

    def ready(self) -> bool:
        return status_of(f"{self.url}/-/ready") == 200

    def get(self, path: str, **parameters: Any) -> Any:
        """The `data` of an answer of its HTTP API."""
        status, body = request(f"{self.url}/api/v1/{path}?{urlencode(parameters)}")
        assert status == 200, f"{path} {parameters}: {status} {body[:500]!r}"
        return json.loads(body)["data"]

    def query(self, expression: str, at: float) -> dict[Labels, float]:
        """The instant vector at that time."""
        found = self.get("query", query=expression, time=at)["result"]
        return {frozenset(s["metric"].items()): float(s["value"][1]) for s in found}

    def samples(self, name: str, start: float, end: float) -> dict[Labels, list[tuple[float, float]]]:
        """What is stored of a metric: (time, value), by series."""
        found = self.get("query", query=f"{name}[{math.ceil(end - start) + 1}s]", time=end)["result"]
        return {frozenset(s["metric"].items()): [(float(t), float(v)) for t, v in s["values"]] for s in found}

    def wait_evaluated(self, since: float) -> int:
        """Until every job was scraped, and thereafter the rules evaluated, later than `since`; a second that has all
        of that in it."""

        def is_stored() -> bool:
            now = time.time()
            ups = [[t for t, v in s if v == 1 and t > since] for s in self.samples("up", since, now).values()]
            scraped = [times[0] for times in ups if times]
            evaluated = [t for s in self.samples(EVALUATED, since, now).values() for t, _ in s]
            return len(scraped) == self.jobs and max(evaluated, default=0) > max(scraped)

        wait_until(is_stored)
        second = math.ceil(time.time())
        time.sleep(max(0, second - time.time()))
        return second

    def lags(self, start: int, end: int) -> list[int]:
        """For each second, how many seconds may be between the figures of two jobs: one, for they are scraped at
        different moments of it, and more where a scrape took long, failed or came late, or an evaluation did."""
        first, last = start - 10, end + 10
        scrapes = [[t for t, v in s if v == 1] for s in self.samples("up", first, last).values()]
        evaluations = [[t for t, _ in s] for s in self.samples(EVALUATED, first, last).values()]
        durations = [s for found in self.samples("scrape_duration_seconds", first, last).values() for s in found]

        def lag(second: int) -> int:
            apart = [
                b - a
                for times in (*scrapes, *evaluations)
                for a, b in pairwise(times)
                if a < second + 4 and b > second - 4
            ]
            took = [duration for t, duration in durations if abs(t - second) < 4]
            return max(1, math.ceil(max(apart, default=0) + max(took, default=0) - 0.25))

        return [lag(second) for second in range(start, end + 1)]

    def query_range(self, expression: str, start: int, end: int) -> dict[Labels, dict[int, float]]:
        """Each series' values by the second; a second without one is left out."""
        found = self.get("query_range", query=expression, start=start, end=end, step=1)["result"]
        return {frozenset(s["metric"].items()): {int(t): float(v) for t, v in s["values"]} for s in found}


def job(named: tuple[str, str]) -> dict[str, Any]:
    name, url = named
    address, slash, path = url.removeprefix("http://").partition("/")
    return {"job_name": name, "metrics_path": slash + path, "static_configs": [{"targets": [address]}]}
