"""Prometheus, scraping and evaluating its rules every second."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from .fetch import request, status_of
from .ports import free_port
from .server import Server

Labels = frozenset[tuple[str, str]]


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
        self.config_file = directory / "prometheus.yml"
        self.rule_file = directory / "rules.yml"
        self.config_file.write_text(yaml.safe_dump(self.config(jobs), sort_keys=False))
        groups = [{"name": "rules", "rules": [dict(r) for r in rules]}] if rules else []
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

    def query(self, expression: str, time: float) -> dict[Labels, float]:
        """The instant vector at `time`."""
        found = self.get("query", query=expression, time=time)["result"]
        return {frozenset(s["metric"].items()): float(s["value"][1]) for s in found}

    def query_range(self, expression: str, start: int, end: int) -> dict[Labels, dict[int, float]]:
        """Each series' values by the second; a second without one is left out."""
        found = self.get("query_range", query=expression, start=start, end=end, step=1)["result"]
        return {frozenset(s["metric"].items()): {int(t): float(v) for t, v in s["values"]} for s in found}


def job(named: tuple[str, str]) -> dict[str, Any]:
    name, url = named
    address, slash, path = url.removeprefix("http://").partition("/")
    return {"job_name": name, "metrics_path": slash + path, "static_configs": [{"targets": [address]}]}
