"""Fixtures: real servers for the whole session, an agent for each test. See tests/stack/README.md."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lib.oracle import assert_settled_accounting
from mme_stack import Agent, Dockerd, Mme, Mongod, Route, Stack, Traefik, Upstream
from mme_stack.agent import Observable
from mme_stack.network import steered_loopback
from mme_stack.paths import AGENT, REPO, get
from mme_stack.stack import end_on_sigterm
from mongo_lib import QUIET, Counting, Oracle, count_meanwhile

LOGS = REPO / "build" / "test-logs" / "servers"
session_stack = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Servers started on it live until the end of the session."""
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests need root: cgroups and eBPF", returncode=2)
    end_on_sigterm()
    with Stack() as stack:
        request.config.stash[session_stack] = stack
        yield stack


@pytest.fixture
def servers(stack: Stack) -> Iterator[Stack]:
    """Servers started on it end with the test: servers.traefik(...), servers.mongod(...), servers.agent(...)."""
    with stack.nested() as inner:
        yield inner


@pytest.fixture(scope="session")
def upstream(stack: Stack) -> Upstream:
    return stack.upstream()


@pytest.fixture(scope="session")
def traefik(stack: Stack, upstream: Upstream) -> Traefik:
    """Everything to `upstream`, router mme@file, service mme-tagging@file; its own metrics on, as the oracle."""
    return stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True)


@pytest.fixture(scope="session")
def plain_traefik(stack: Stack, upstream: Upstream) -> Traefik:
    """As `traefik`, but as in production here: without metrics of its own."""
    return stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="plain-traefik")


@pytest.fixture(scope="session")
def mme(stack: Stack) -> Mme:
    return stack.mme(stack.mongod(name="mme-mongod"))


@pytest.fixture(scope="session")
def mme_traefik(stack: Stack, mme: Mme) -> Traefik:
    """/promote as service mme-tagging@file and /memories as mme-memories@file, both to `mme`; oracle on."""
    routes = [
        Route("Path(`/promote`)", [mme.url], router="promote", service="mme-tagging"),
        Route("PathPrefix(`/memories`)", [mme.url], router="memories", service="mme-memories"),
    ]
    return stack.traefik(routes, oracle=True, name="mme-traefik")


@pytest.fixture
def observe(servers: Stack) -> Callable[..., Agent]:
    """observe(traefik, mongod, config={...}, ...): a fresh agent limited to these servers, observing on return."""
    assert AGENT.exists(), f"{AGENT} is not built: run scripts/build"

    def start(*observed: Observable, config: dict[str, Any] | None = None, **kwargs: Any) -> Agent:
        return servers.agent(observed, config, **kwargs)

    return start


@pytest.fixture(scope="module")
def mongod(stack: Stack) -> Iterator[Mongod]:
    """One for each module, and nobody else's: it runs no command by itself."""
    with stack.nested() as inner:
        yield inner.mongod(args=QUIET)


@pytest.fixture(scope="module")
def mongo_agent(stack: Stack, mongod: Mongod) -> Iterator[Agent]:
    with stack.nested() as inner:
        yield inner.agent([mongod], name="mongo-agent")


@pytest.fixture
def counting(mongod: Mongod, mongo_agent: Agent) -> Iterator[Counting]:
    """`with counting() as counts`: what mongod and the agent counted meanwhile, while all clients come and go."""
    oracle = Oracle(mongod)  # its connection is younger than the agent
    yield lambda: count_meanwhile(mongo_agent, oracle)
    oracle.close()


@pytest.fixture(scope="session")
def dockerd(stack: Stack) -> Dockerd:
    """A Docker Engine: dockerd.run(get("traefik"), [...], name=..., labels={...}) gives a Container."""
    return stack.dockerd()


@pytest.fixture
def steered() -> Iterator[None]:
    with steered_loopback():
        yield


@pytest.fixture(scope="session")
def run_node() -> Callable[..., str]:
    """run_node(source, *args): runs CommonJS source that may require("mongodb"); its standard output."""
    environment = {**os.environ, "NODE_PATH": str(get("node") / "node_modules")}

    def run(source: str, *args: str, timeout: float = 240) -> str:
        argv = ["node", "-", *args]
        done = subprocess.run(argv, input=source, env=environment, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Whatever a test is about: no agent that runs at its end has lost a byte out of its account."""
    yield
    stack = item.config.stash.get(session_stack, None)
    for agent in [s for s in stack.servers if isinstance(s, Agent) and s.running] if stack else []:
        assert_settled_accounting(agent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure keeps the last words of every server that was running, in a file of their own."""
    report = yield
    if report.failed and (stack := item.config.stash.get(session_stack, None)):
        file = LOGS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', item.nodeid)}.{report.when}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"--- {s.name}\n{s.tail(200)}\n" for s in stack.servers))
        report.sections.append(("logs of the servers", str(file)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What failed, once more and in few lines, for who sees only the end of a log."""
    reports = [r for kind in ("failed", "error") for r in terminalreporter.stats.get(kind, [])]
    if reports:
        terminalreporter.section("what failed")
    for report in reports:
        terminalreporter.write_line(f"{report.nodeid} ({report.when}, {report.duration:.1f} s)")
        said = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
        for line in said[:12]:
            terminalreporter.write_line(f"  {line[:300]}")
