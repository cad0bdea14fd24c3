"""The agent under test."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from .fetch import request, status_of, wait_until
from .metrics import Metrics
from .paths import AGENT
from .ports import free_port
from .server import Server


class Observable(Protocol):
    kind: str

    @property
    def running(self) -> bool: ...

    def target(self) -> dict[str, Any]: ...


def targets(observed: Sequence[Observable]) -> dict[str, list[dict[str, Any]]]:
    """Configuration that limits an agent to these, for others may run on the same host."""
    found: dict[str, list[dict[str, Any]]] = {"traefik": [], "mongod": []}
    for o in observed:
        found[o.kind].append(o.target())
    return found


class Agent(Server):
    """`mme-agent run`; `config` None means no file at all, with which it discovers the whole host.

    A file has `compat.traefik: on` unless `config` says otherwise, or it would leave its traefik_* families out where
    Traefik's own metrics are on as the oracle.
    """

    start_timeout = 120.0  # the verifier takes its time where others want the CPUs too

    def __init__(
        self,
        directory: Path,
        config: Mapping[str, Any] | None,
        *,
        name: str = "agent",
        port: int | None = None,
        wait_path: str = "/-/ready",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, directory, **kwargs)
        self.binary = AGENT
        self.port = port or free_port()
        self.wait_path = wait_path
        self.config_file = directory / "agent.yml" if config is not None else None
        if config is not None:
            self.write_config(config)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write_config(self, config: Mapping[str, Any]) -> None:
        assert self.config_file
        self.config_file.write_text(yaml.safe_dump({"compat": {"traefik": "on"}, **config}, sort_keys=False))

    def argv(self) -> list[str]:
        file = ["--config.file", str(self.config_file)] if self.config_file else []
        return [str(self.binary), "run", *file, "--web.listen-address", f"127.0.0.1:{self.port}"]

    def ready(self) -> bool:
        return status_of(self.url + self.wait_path) == 200

    def why(self) -> str:
        try:
            return self.get(self.wait_path)[1].decode(errors="replace").strip()
        except OSError as error:
            return str(error)

    def metrics(self, path: str = "/metrics") -> Metrics:
        return Metrics.scrape(self.url + path)

    def settled_bytes(self) -> int:
        """What it holds between scrapes, once each thread of its web server has answered one."""
        for _ in range(12):
            self.get("/metrics")
        return self.resident_bytes

    def get(self, path: str) -> tuple[int, bytes]:
        return request(self.url + path)

    def cli(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Any command of the agent's CLI."""
        return subprocess.run([self.binary, *args], capture_output=True, text=True, timeout=120, check=check)

    def status_argv(self, *args: str) -> list[str]:
        """The `status` command that asks this agent."""
        return [str(self.binary), "status", "--address", f"127.0.0.1:{self.port}", *args]

    def status(self) -> Any:
        """Also of a degraded agent, of which the command says so with its exit status 3."""
        done = subprocess.run(self.status_argv("--json"), capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

    def wait_observing(self, kind: str, timeout: float = 30) -> None:
        """Until a target of this kind (traefik, mongod) is up."""
        wait_until(lambda: self.metrics().counter("mme_agent_target_up", kind=kind) > 0, timeout)

    def wait_named(self, timeout: float = 30) -> None:
        """Until it has the names of each Traefik that is up, which it learns a moment after it observes it."""

        def named() -> bool:
            traefiks = [t for t in self.status()["targets"] if t["kind"] == "traefik" and t["up"]]
            return bool(traefiks) and all(t["names"] for t in traefiks)

        wait_until(named, timeout)
