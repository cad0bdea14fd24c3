"""Traefik with a static file, the file provider and, where a test needs the oracle, its own metrics."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .fetch import status_of, wait_until
from .metrics import Metrics
from .paths import get
from .ports import accepts, free_port
from .server import Server

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.2, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Route:
    """A router and the service it leads to; several routes may share a service."""

    rule: str
    servers: Sequence[str]
    router: str = "mme"
    service: str = "mme-tagging"
    entrypoints: Sequence[str] = ("web",)


class Traefik(Server):
    """Listens on `host`:`port` as entrypoint `web` ("" for all addresses, IPv6 included), plus `entrypoints` by name.

    `oracle` switches on Traefik's own metrics on an entrypoint of their own; off, Traefik is as in production here.
    `static` and `dynamic` are merged into the two files. Readiness is asked with real requests: compare deltas.
    """

    kind = "traefik"

    def __init__(
        self,
        directory: Path,
        routes: Sequence[Route],
        *,
        name: str = "traefik",
        host: str = "127.0.0.1",
        entrypoints: Sequence[str] = (),
        oracle: bool = False,
        buckets: Sequence[float] = BUCKETS,
        static: Mapping[str, Any] | None = None,
        dynamic: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, directory, **kwargs)
        self.binary = get("traefik")
        self.host = host
        self.ports = {e: free_port() for e in ("web", *entrypoints)}
        if oracle:
            self.ports["metrics"] = free_port()
        self.routes = list(routes)
        self.dynamic = dict(dynamic or {})
        self.static_file = directory / "traefik.yml"
        self.dynamic_file = directory / "dynamic.yml"
        self.static_file.write_text(dump({**self.static_config(buckets), **(static or {})}))
        self.write_routes()

    @property
    def port(self) -> int:
        return self.ports["web"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        return [str(self.binary), f"--configFile={self.static_file}"]

    def target(self) -> dict[str, Any]:
        return {**super().target(), "entrypoints": dict(self.ports)}  # named as its own file names them

    def static_config(self, buckets: Sequence[float]) -> dict[str, Any]:
        config: dict[str, Any] = {
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "log": {"level": "INFO", "noColor": True},
            "entryPoints": {e: {"address": f"{self.host}:{p}"} for e, p in self.ports.items()},
            "providers": {"file": {"filename": str(self.dynamic_file), "watch": True}},
        }
        if "metrics" in self.ports:
            config["metrics"] = {
                "prometheus": {
                    "entryPoint": "metrics",
                    "addEntryPointsLabels": True,
                    "addRoutersLabels": True,
                    "addServicesLabels": True,
                    "buckets": list(buckets),
                }
            }
        return config

    def write_routes(self) -> None:
        """Replaces the file in one step, because Traefik watches it."""
        http: dict[str, Any] = {"routers": {}, "services": {}}
        for r in self.routes:
            http["routers"][r.router] = {"rule": r.rule, "service": r.service, "entryPoints": list(r.entrypoints)}
            http["services"][r.service] = {"loadBalancer": {"servers": [{"url": u} for u in r.servers]}}
        new = self.dynamic_file.with_suffix(".new")
        new.write_text(dump({**({"http": http} if self.routes else {}), **self.dynamic}))
        new.replace(self.dynamic_file)

    def set_routes(self, routes: Sequence[Route]) -> None:
        """A new dynamic configuration; on return its first route is answered (by an old one, if that matched too)."""
        self.routes = list(routes)
        self.write_routes()
        wait_until(self.ready, timeout=20)

    def ready(self) -> bool:
        if not accepts(self.port):
            return False
        if not self.routes:
            return True
        rule = self.routes[0].rule
        path = re.search(r"Path(?:Prefix)?\(`([^`]*)`\)", rule)
        host = re.search(r"Host\(`([^`]*)`\)", rule)
        headers = {"Host": host[1]} if host else {}
        return status_of(self.url + (path[1] if path else "/"), headers=headers) not in (None, 404)

    def metrics(self) -> Metrics:
        """The oracle: what Traefik itself counted."""
        assert "metrics" in self.ports, "start Traefik with oracle=True"
        return Metrics.scrape(f"http://127.0.0.1:{self.ports['metrics']}/metrics")

    def version(self) -> str:
        out = subprocess.run([self.binary, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return re.search(r"Version:\s*(\S+)", out)[1]  # type: ignore[index]


def dump(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False)
