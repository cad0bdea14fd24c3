"""A session of servers, with everything it made taken away at its end."""

import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from . import cgroups
from .agent import Agent, Observable, targets
from .docker import Dockerd
from .mongod import Mongod
from .mongodb_exporter import MongodbExporter
from .prometheus import Prometheus
from .server import Server
from .services import Mme, Upstream
from .traefik import Route, Traefik

S = TypeVar("S", bound=Server)
PREFIX = "mme-stack."


class Stack:
    """with Stack() as stack: traefik = stack.traefik([Route("PathPrefix(`/`)", [stack.upstream().url])])

    Servers end in reverse order, also after a failure, Ctrl-C or (with end_on_sigterm) SIGTERM. Their files are in
    `directory`, which goes too unless MME_STACK_KEEP is set. A server's name is its directory's and cgroup's.
    """

    def __init__(self) -> None:
        self.cleanup = ExitStack()
        self.servers: list[Server] = []

    def __enter__(self) -> Self:
        cgroups.sweep()
        sweep_directories()
        self.directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}."))
        self.directory.chmod(0o755)
        self.cleanup.callback(self.remove_directory)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup.close()

    def remove_directory(self) -> None:
        if os.environ.get("MME_STACK_KEEP"):
            print(f"kept {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def nested(self) -> "Stack":
        """For servers of a shorter life in the same session: `with stack.nested() as inner: ...`"""
        return Nested(self)

    def run(self, server: S, start: bool = True) -> S:
        self.servers.append(server)
        self.cleanup.callback(self.close, server)
        if start:
            server.start()
        return server

    def close(self, server: Server) -> None:
        self.servers.remove(server)
        server.close()

    def place(self, name: str) -> tuple[str, Path]:
        """A name not taken yet, and its directory."""
        taken = {p.name for p in self.directory.iterdir()}
        unique = next(n for n in (name, *(f"{name}-{i}" for i in range(2, 10000))) if n not in taken)
        directory = self.directory / unique
        directory.mkdir()
        return unique, directory

    def upstream(self, *, start: bool = True, name: str = "upstream", **kwargs: Any) -> Upstream:
        name, directory = self.place(name)
        return self.run(Upstream(directory, name=name, **kwargs), start)

    def mongod(self, *, start: bool = True, name: str = "mongod", **kwargs: Any) -> Mongod:
        name, directory = self.place(name)
        return self.run(Mongod(directory, name=name, **kwargs), start)

    def mongodb_exporter(self, uri: str, *, name: str = "mongodb-exporter", **kwargs: Any) -> MongodbExporter:
        name, directory = self.place(name)
        return self.run(MongodbExporter(directory, uri, name=name, **kwargs))

    def mme(self, mongod: Mongod, *, start: bool = True, name: str = "mme", **kwargs: Any) -> Mme:
        name, directory = self.place(name)
        return self.run(Mme(directory, mongod.uri, name=name, **kwargs), start)

    def traefik(self, routes: Sequence[Route], *, start: bool = True, name: str = "traefik", **kwargs: Any) -> Traefik:
        name, directory = self.place(name)
        return self.run(Traefik(directory, routes, name=name, **kwargs), start)

    def prometheus(
        self, jobs: Mapping[str, str], *, start: bool = True, name: str = "prometheus", **kwargs: Any
    ) -> Prometheus:
        name, directory = self.place(name)
        return self.run(Prometheus(directory, jobs, name=name, **kwargs), start)

    def dockerd(self, *, start: bool = True, name: str = "dockerd", **kwargs: Any) -> Dockerd:
        name, directory = self.place(name)
        return self.run(Dockerd(directory, name=name, **kwargs), start)

    def agent(
        self,
        observe: Sequence[Observable] = (),
        config: Mapping[str, Any] | None = None,
        *,
        start: bool = True,
        name: str = "agent",
        **kwargs: Any,
    ) -> Agent:
        """An agent limited to `observe` (with none: every server of the host), observing those that run on return, with
        the names of each Traefik."""
        name, directory = self.place(name)
        settings = {**({"targets": targets(observe)} if observe else {}), **(config or {})}
        agent = self.run(Agent(directory, settings or None, name=name, **kwargs), start)
        if start:
            for kind in {o.kind for o in observe if o.running}:
                agent.wait_observing(kind)
                if kind == "traefik":
                    agent.wait_named()
        return agent


class Nested(Stack):
    def __init__(self, outer: Stack) -> None:
        super().__init__()
        self.directory = outer.directory
        self.servers = outer.servers  # one list of all that runs, for whoever reports a failure

    def __enter__(self) -> Self:
        return self


def sweep_directories() -> None:
    for directory in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        pid = directory.name.removeprefix(PREFIX).partition(".")[0]
        if not Path("/proc", pid).exists():
            with suppress(OSError):
                shutil.rmtree(directory)


def end_on_sigterm() -> None:
    """SIGTERM becomes an ordinary exit that unwinds every `with`; a second one does not interrupt that."""

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- the signature of a handler
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)
