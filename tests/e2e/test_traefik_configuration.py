"""What agent/traefik reads from a process's own files, arguments, environment and containers is what its API says runs.

What Traefik refuses counts at the router that it uses instead; its own metrics are the oracle there. Elsewhere
compared are the entrypoints, every router with its rule, entrypoints, service, priority and TLS, and every service with
its servers. Traefik's API is the oracle.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lib.gateway import load_balancer, observed, wait_routed
from lib.raw import RawClient
from lib.raw import get as get_request
from mme_stack import Agent, Stack, Traefik, Upstream
from mme_stack.fetch import wait_until
from mme_stack.paths import AGENT, get
from mme_stack.ports import free_port
from mme_stack.server import Server

ROUTE_TOOL = AGENT.parent / "tests/unit/traefik/route_tool"

YAML_FILE = """
http:
  routers:
    tagging:
      rule: Host(`mme.test`) && PathPrefix(`/promote`)
      service: mme-tagging
      middlewares: [strip]
    everywhere: {rule: "Path(`/x`)", service: mme-tagging}
    secure: {rule: "Path(`/s`)", service: split@file, entryPoints: [websecure], tls: {}, priority: 7}
    both: {rule: &r "Host(`both.test`)", service: mme-tagging, entryPoints: [web, websecure]}
    shared: {rule: *r, service: mme-tagging, entrypoints: web, priority: "0x"}
    merged: {<<: {service: mme-tagging, entryPoints: [web]}, rule: "Host(`m.test`)"}
  services:
    mme-tagging:
      loadBalancer:
        servers: [{url: "http://127.0.0.1:8001"}, {url: "http://127.0.0.1:8002/base"}]
    split: {weighted: {services: [{name: mme-tagging, weight: 2}]}}
    copy: {mirroring: {service: mme-tagging, mirrors: [{name: split, percent: 10}]}}
  middlewares:
    strip: {stripPrefix: {prefixes: [/a]}}
""".replace(', priority: "0x"', "")
TOML_FILE = """
[http.routers.toml]
  rule = "Host(`toml.test`)"
  service = "toml"
  entryPoints = ["web"]
  priority = 3
[http.routers.secure]
  rule = "Host(`later.test`)"
  service = "toml"
[http.services.toml.loadBalancer]
  [[http.services.toml.loadBalancer.servers]]
    url = "http://127.0.0.1:8003"
[tcp.routers.db]
  rule = "HostSNI(`*`)"
  service = "db"
  entryPoints = ["mongo"]
[tcp.services.db.loadBalancer]
  [[tcp.services.db.loadBalancer.servers]]
    address = "127.0.0.1:27017"
"""


class GivenTraefik(Server):
    """Started with exactly the arguments, environment and files that a test gives; its API is on entrypoint traefik."""

    kind = "traefik"

    def __init__(self, directory: Path, arguments: Sequence[str], api: int, **kwargs: Any) -> None:
        super().__init__("given-traefik", directory, **kwargs)
        self.arguments = list(arguments)
        self.api = api

    def argv(self) -> list[str]:
        return [str(get("traefik")), *self.arguments]

    def ask(self, path: str) -> Any:
        done = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{self.api}{path}"], capture_output=True)
        return json.loads(done.stdout or "null")

    def ready(self) -> bool:
        return bool(self.ask("/api/rawdata"))

    def says(self) -> dict[str, Any]:
        """Its API in the form of the tool's --dump; names of services with their provider."""
        raw = self.ask("/api/rawdata")
        routers = {
            name: {
                "rule": r["rule"],
                "service": r["service"] if "@" in r["service"] else f"{r['service']}@{name.split('@')[1]}",
                "entryPoints": r["entryPoints"],
                "priority": r["priority"],
                "tls": "tls" in r,
            }
            for name, r in raw["routers"].items()
        }
        services = {
            name: sorted(server["url"] for server in s.get("loadBalancer", {}).get("servers", []))
            for name, s in raw["services"].items()
        }
        entrypoints = {e["name"]: e["address"] for e in self.ask("/api/entrypoints")}
        return {"entrypoints": entrypoints, "routers": routers, "services": services}

    def read(self, *options: str) -> dict[str, Any]:
        """What the tool reads of the running process."""
        done = subprocess.run(
            [ROUTE_TOOL, "--pid", str(self.pid), *options, "--dump", "yes"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        dump = json.loads(done.stdout)
        return dump | {"services": {name: sorted(s["servers"]) for name, s in dump["services"].items()}}


def start(servers: Stack, arguments: Sequence[str] = (), files: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
    """`arguments`, `files` and `env` may have {api}, {web} and {secure}, which become ports, and {dir}."""
    name, directory = servers.place("given-traefik")
    ports = {p: str(free_port()) for p in ("api", "web", "secure", "mongo")}

    def fill(text: str) -> str:
        for key, value in {**ports, "dir": str(directory)}.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    for path, text in (files or {}).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(fill(text))
    if "env" in kwargs:
        kwargs["env"] = {key: fill(value) for key, value in kwargs["env"].items()}
    return servers.run(GivenTraefik(directory, [fill(a) for a in arguments], int(ports["api"]), cgroup=name, **kwargs))


FLAGS = [
    "--entryPoints.web.address=127.0.0.1:{web}", "-entrypoints.websecure.address=:{secure}",
    "--entrypoints.websecure.http.tls", "--entrypoints.traefik.address=127.0.0.1:{api}", "--api.insecure",
    "--ping=true",
    "--metrics.prometheus", "--entrypoints.mongo.address=127.0.0.1:{mongo}/tcp", "--global.sendanonymoususage=false",
]  # fmt: skip
STATIC_YAML = """
entryPoints:
  web: {address: "127.0.0.1:{web}", asDefault: true}
  websecure: {address: ":{secure}", http: {tls: {}, middlewares: [strip@file]}}
  mongo: {address: "127.0.0.1:{mongo}"}
  old:
    address: "127.0.0.1:0"
    http: {redirections: {entryPoint: {to: websecure, priority: 10}}}
  traefik: {address: "127.0.0.1:{api}"}
  dns: {address: "127.0.0.1:0/udp"}
api: {insecure: true, dashboard: false, debug: true}
ping: {entryPoint: web}
providers: {file: {filename: dynamic.yml}}
"""
STATIC_TOML = """
[entryPoints.web]
  address = "127.0.0.1:{web}"
[entryPoints.web.http.redirections.entryPoint]
  to = "websecure"
[entryPoints.websecure]
  address = "127.0.0.1:{secure}"
[entryPoints.traefik]
  address = "127.0.0.1:{api}"
[entryPoints.mongo]
  address = "127.0.0.1:{mongo}"
[api]
  insecure = true
[metrics.prometheus]
  manualRouting = true
[providers.file]
  directory = "conf"
"""
DIRECTORY = {"conf/a.yml": YAML_FILE, "conf/b.toml": TOML_FILE, "conf/sub/c.yaml": YAML_FILE.replace("mme.test", "no")}

CASES: dict[str, dict[str, Any]] = {
    "flags": {"arguments": [*FLAGS, "--providers.file.filename", "dynamic.yml"], "files": {"dynamic.yml": YAML_FILE}},
    "flags-as-command": {"arguments": ["traefik", *FLAGS, "--providers.file.directory={dir}/conf"], "files": DIRECTORY},
    "environment": {
        "env": {
            "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS": "127.0.0.1:{web}",
            "TRAEFIK_ENTRYPOINTS_WEBSECURE_ADDRESS": "127.0.0.1:{secure}",
            "TRAEFIK_ENTRYPOINTS_TRAEFIK_ADDRESS": "127.0.0.1:{api}",
            "TRAEFIK_API_INSECURE": "true",
            "TRAEFIK_PROVIDERS_FILE_FILENAME": "{dir}/dynamic.yml",
        },
        "files": {"dynamic.yml": YAML_FILE},
    },
    "default-file-hides-flags": {
        "arguments": ["--entrypoints.lost.address=:1", "--api"],
        "env": {"TRAEFIK_PING": "true"},
        "files": {"traefik.yml": STATIC_YAML, "dynamic.yml": YAML_FILE},
    },
    "toml-before-yaml": {"files": {"traefik.toml": STATIC_TOML, "traefik.yml": "api: {}", **DIRECTORY}},
    "config-file": {
        "arguments": ["--configfile", "$PLACE/other.yaml"],
        "env": {"PLACE": "{dir}"},
        "files": {"other.yaml": STATIC_YAML, "traefik.toml": STATIC_TOML, "dynamic.yml": YAML_FILE},
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_process_is_read_as_it_read_itself(servers: Stack, case: str) -> None:
    assert ROUTE_TOOL.exists(), f"{ROUTE_TOOL} is not built: run scripts/build"
    traefik = start(servers, **CASES[case])
    wait_until(lambda: any(r.endswith("@file") for r in traefik.says()["routers"]), timeout=60)
    assert traefik.read() == traefik.says()


LABELLED: dict[str, dict[str, Any]] = {
    "mme-plain": {},
    "MME_Odd.1": {},
    "mme-tagging": {
        "labels": {
            "traefik.http.routers.tagging.rule": "PathPrefix(`/promote`)",
            "traefik.http.routers.tagging.entrypoints": "web",
            "traefik.http.routers.tagging.priority": "77",
            "traefik.http.routers.tagging.middlewares": "strip",
            "traefik.http.middlewares.strip.stripprefix.prefixes": "/a,/b",
            "traefik.http.services.mme-tagging.loadbalancer.server.port": "9000",
        }
    },
    "off": {"labels": {"traefik.enable": "false"}},
    "tagging-1": {"labels": {"com.docker.compose.project": "mme", "com.docker.compose.service": "tagging"}},
    "tagging-2": {"labels": {"com.docker.compose.project": "mme", "com.docker.compose.service": "tagging"}},
    "bad": {"labels": {"traefik.http.routers.bad.rool": "Host(`bad`)"}},
    "torn-1": {"labels": {"traefik.http.routers.torn.rule": "Host(`a`)"}},
    "torn-2": {"labels": {"traefik.http.routers.torn.rule": "Host(`b`)"}},
    "two-services": {
        "labels": {
            "traefik.http.services.one.loadbalancer.server.port": "1",
            "traefik.http.services.two.loadbalancer.server.scheme": "h2c",
        }
    },
    "two-linked": {
        "labels": {
            "traefik.http.routers.three.service": "three",
            "traefik.http.services.three.loadbalancer.server.port": "3",
            "traefik.http.services.four.loadbalancer.server.url": "http://192.0.2.1:4",
            "traefik.http.routers.unlinked.rule": "Host(`unlinked`)",
        }
    },
    "tls": {"labels": {"traefik.http.routers.tls.tls": "true", "traefik.http.routers.tls.rule": "Host(`tls`)"}},
    "tcp-only": {"labels": {"traefik.tcp.routers.db.rule": "HostSNI(`*`)"}},
    "portless": {"options": []},
    "case": {"labels": {"TRAEFIK.http.routers.case.rule": "Host(`case`)"}},
    "case-inside": {"labels": {"traefik.HTTP.Routers.Case.Rule": "Host(`inside`)"}},
    "hosted": {"options": ["--network=host", "--expose=8000"]},
}  # fmt: skip
NOT_EXPOSED = {"off": {}, "on": {"labels": {"traefik.enable": "true"}}}


@pytest.mark.parametrize(
    ("containers", "flags"),
    [
        (LABELLED, ["--providers.docker=true"]),
        (
            LABELLED,
            ["--providers.docker.defaultrule=Host(`{{ lower .Name | trimPrefix `mme-` }}.{{ .ContainerName }}`)"],
        ),
        (NOT_EXPOSED, ["--providers.docker.exposedbydefault=false"]),
    ],
    ids=["labels", "default-rule", "not-exposed"],
)
def test_containers_are_read_as_traefik_reads_them(
    dockerd: Any, servers: Stack, containers: dict[str, Any], flags: list[str]
) -> None:
    started = [
        dockerd.run(
            get("upstream"),
            ["-listen", f":{free_port()}"],
            name=name,
            labels=given.get("labels"),
            options=given.get("options", ["--expose=9000", "--expose=8000/tcp"]),
        )
        for name, given in containers.items()
    ]
    try:
        traefik = start(servers, [*FLAGS, f"--providers.docker.endpoint=unix://{dockerd.socket}", *flags])
        wait_until(lambda: any(r.endswith("@docker") for r in traefik.says()["routers"]), timeout=60)
        ids = dockerd.docker("ps", "-aq", "--no-trunc").split()
        file = dockerd.directory / "containers.json"
        file.write_text(dockerd.docker("inspect", *ids))
        assert traefik.read("--docker", str(file)) == traefik.says()
    finally:
        dockerd.docker("rm", "-f", *(c.id for c in started))


def guarded(upstream: Upstream, middleware: dict[str, Any], path: str = "/") -> dict[str, Any]:
    """A router with the middleware on top of one without."""
    routers = {
        "guarded": {"rule": f"PathPrefix(`{path}`)", "service": "mme", "middlewares": ["judged"], "priority": 100},
        "next": {"rule": "PathPrefix(`/`)", "service": "mme"},
    }
    services = {"mme": load_balancer(upstream.url)}
    middlewares = {"judged": middleware}
    on_web = {name: {"entryPoints": ["web"], **router} for name, router in routers.items()}
    return {"http": {"routers": on_web, "services": services, "middlewares": middlewares}}


def routed(agent: Agent, traefik: Traefik, requests: int = 5) -> tuple[dict[str, float], dict[str, float]]:
    """Requests by router, as the agent and as Traefik count them."""

    def by_router(server: Agent | Traefik) -> dict[str, float]:
        found = server.metrics().by("traefik_router_requests_total", "router")
        return {router: count for (router,), count in found.items() if "prometheus" not in router}

    before = by_router(agent), by_router(traefik)
    with RawClient(traefik.port) as client:
        for _ in range(requests):
            client.send(get_request("/api"))
            assert client.response()[0]

    def added() -> tuple[dict[str, float], dict[str, float]]:
        now = by_router(agent), by_router(traefik)
        return tuple(
            {r: n - b.get(r, 0) for r, n in a.items() if n != b.get(r, 0)} for a, b in zip(now, before, strict=True)
        )

    wait_until(lambda: sum(added()[0].values()) == sum(added()[1].values()) == requests)
    return added()


REFUSED = {
    "user": {"basicAuth": {"users": ["nonsense"]}},
    "range": {"ipAllowList": {"sourceRange": ["10.0.0.0/33"]}},
    "attempts": {"retry": {"attempts": 0}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_router_that_traefik_leaves_out_gets_no_request(
    servers: Stack, observe: Callable[..., Agent], upstream: Upstream, case: str
) -> None:
    traefik = servers.traefik([], oracle=True, name="refusing", dynamic=guarded(upstream, REFUSED[case]))
    wait_routed(traefik)
    agent = observed(observe, traefik)
    ours, theirs = routed(agent, traefik)
    assert ours == theirs == {"next@file": 5}
    assert any("Traefik leaves it out: the middleware judged@file" in note for note in agent.status()["notes"])


@pytest.mark.parametrize(
    ("good", "refused", "reason"),
    [
        ("url:", "uri:", "servers[0]: uri is no key that Traefik knows"),
        ("http:\n", "http: hello\nother:\n", "http has no keys below it, where Traefik needs some"),
        ("next:", "ne\x00xt:", "control characters are not allowed"),
    ],
    ids=["unknown-field", "no-map", "control-character"],
)
def test_a_file_that_traefik_refuses_leaves_the_names_as_they_were(
    servers: Stack, observe: Callable[..., Agent], upstream: Upstream, good: str, refused: str, reason: str
) -> None:
    whole = guarded(upstream, {"addPrefix": {"prefix": "/x"}}, path="/elsewhere")
    traefik = servers.traefik([], oracle=True, name="keeping", dynamic=whole)
    wait_routed(traefik)
    agent = observed(observe, traefik)
    new = traefik.dynamic_file.with_suffix(".new")
    new.write_text(traefik.dynamic_file.read_text().replace(good, refused))
    new.replace(traefik.dynamic_file)
    wait_until(lambda: any(reason in note for note in agent.status()["notes"]))
    ours, theirs = routed(agent, traefik)
    assert ours == theirs == {"next@file": 5}
