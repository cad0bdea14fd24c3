"""compat.traefik: the agent's families in Traefik's names beside Traefik's own."""

import json
import os
import signal
from typing import Any

import pytest
import yaml

from lib.oracle import LEG
from mme_stack import Agent, Metrics, Route, Traefik, Upstream
from mme_stack.agent import targets
from mme_stack.fetch import request, wait_until
from mme_stack.stack import Stack

GAUGE = "mme_agent_compat_traefik_families"
FOLLOWED = 20  # seconds: it looks every two, on a busy machine less often
PATHS = ("/metrics", "/metrics/traefik")


@pytest.fixture(scope="module")
def measured(stack: Stack, upstream: Upstream) -> Traefik:
    """Its own metrics are on; nobody restarts it."""
    return stack.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="measured")


def config(traefik: Traefik, compat: str) -> dict[str, Any]:
    return {"targets": targets([traefik]), "compat": {"traefik": compat}}


def families(metrics: Metrics) -> set[str]:
    return {name for name in metrics.names() if name.startswith("traefik_")}


def served(agent: Agent) -> bool:
    """As the gauge says, and as the same scrape shows."""
    metrics = agent.metrics()
    on = metrics.value(GAUGE) == 1
    assert bool(families(metrics)) == on
    return on


def send(traefik: Traefik, times: int) -> None:
    for _ in range(times):
        assert request(f"{traefik.url}/?status=201")[0] == 201


def notes(agent: Agent) -> list[str]:
    return [n for n in agent.status()["notes"] if "its own metrics" in n]


def set_metrics(traefik: Traefik, on: bool) -> None:
    """In its static file, which it reads when it starts."""
    static = yaml.safe_load(traefik.static_file.read_text())
    static.pop("metrics", None)
    static["entryPoints"].pop("metrics", None)
    if on:
        static["metrics"] = {"prometheus": {"entryPoint": "metrics"}}
        static["entryPoints"]["metrics"] = {"address": f"127.0.0.1:{traefik.ports['metrics']}"}
    traefik.static_file.write_text(yaml.safe_dump(static))


def test_auto_leaves_out_what_traefik_serves(observe, measured):
    agent = observe(config=config(measured, "auto"))
    wait_until(lambda: not served(agent))
    before = agent.metrics()
    send(measured, 10)
    for path in PATHS:
        added = agent.metrics(path) - before
        assert not families(added)
        assert added.counter("mme_upstream_requests_total", code="201") == 10
        assert added.counter("mme_agent_bytes_parsed_total", protocol="http") > 0
    assert GAUGE not in agent.metrics("/metrics/mongodb").names()
    (note,) = notes(agent)
    assert note.startswith(f"{measured.name}: ")
    assert f"on entrypoint metrics (:{measured.ports['metrics']}; static {measured.static_file}:" in note
    assert "the traefik_* families are left out (compat.traefik: auto); set compat.traefik to on to have both" in note
    assert f"note: {note}" in agent.cli("status", "--address", f"127.0.0.1:{agent.port}").stdout


def test_auto_is_the_default(servers, measured):
    agent = servers.agent(name="unconfigured", wait_path="/-/healthy")
    wait_until(lambda: not served(agent))
    assert any(f":{measured.ports['metrics']};" in note for note in notes(agent))


def test_auto_serves_beside_a_traefik_without_metrics(observe, plain_traefik):
    agent = observe(config=config(plain_traefik, "auto"))
    wait_until(lambda: agent.status()["targets"][0]["names"])
    assert served(agent)
    send(plain_traefik, 10)
    assert agent.metrics().counter(f"{LEG}_requests_total", code="201", entrypoint="web") == 10
    assert not notes(agent)


def test_a_file_that_changed_since_traefik_started(servers, observe, upstream):
    """Nobody listens where it says: no metrics are served there."""
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="edited", start=False)
    set_metrics(traefik, False)
    traefik.start()
    set_metrics(traefik, True)
    agent = observe(config=config(traefik, "auto"))
    wait_until(lambda: agent.status()["targets"][0]["names"])
    assert served(agent)
    assert not notes(agent)


def test_the_families_follow_traefik(servers, observe, upstream):
    """Restarted without metrics: they are back, with counts that have gone on. With metrics again: they go."""
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], oracle=True, name="followed")
    agent = observe(config=config(traefik, "auto"))

    def count() -> float:
        return agent.metrics().counter(f"{LEG}_requests_total", code="201", entrypoint="web")

    wait_until(lambda: not served(agent))
    send(traefik, 10)
    set_metrics(traefik, False)
    traefik.restart()
    wait_until(lambda: served(agent), FOLLOWED)
    agent.wait_observing("traefik")
    assert count() == 10
    send(traefik, 5)
    assert count() == 15
    assert not notes(agent)

    set_metrics(traefik, True)
    traefik.restart()
    wait_until(lambda: not served(agent), FOLLOWED)
    send(traefik, 5)
    traefik.stop()
    wait_until(lambda: served(agent), FOLLOWED)
    assert count() == 20


def test_on_and_off_and_reloads(observe, measured, plain_traefik):
    agent = observe(config=config(measured, "on"))

    def reload(traefik: Traefik, compat: str) -> None:
        agent.write_config(config(traefik, compat))
        os.kill(agent.pid, signal.SIGHUP)

    send(measured, 10)
    wait_until(lambda: notes(agent))
    assert served(agent)
    assert agent.metrics().counter(f"{LEG}_requests_total", code="201", entrypoint="web") == 10
    assert "sums over the traefik_* families are double (compat.traefik: on)" in notes(agent)[0]
    for compat, expected in (("off", False), ("on", True), ("auto", False), ("on", True)):
        reload(measured, compat)
        wait_until(lambda e=expected: served(agent) == e)
        assert bool(notes(agent)) == (compat != "off")
    assert agent.metrics().counter(f"{LEG}_requests_total", code="201", entrypoint="web") == 10
    reload(plain_traefik, "off")
    wait_until(lambda: not served(agent))


def checked(agent: Agent) -> dict[str, str]:
    """The doctor's line about Traefik's metrics, with the file of this agent."""
    answer = agent.cli("doctor", "--json", "--config.file", str(agent.config_file), check=False)
    (check,) = [c for c in json.loads(answer.stdout) if c["check"] == "traefik metrics"]
    return check


@pytest.mark.parametrize(("compat", "status"), [("auto", "warn"), ("on", "warn"), ("off", "ok")])
def test_the_doctor_says_so(observe, measured, compat, status):
    check = checked(observe(config=config(measured, compat), start=False))
    assert check["status"] == status
    assert check["detail"].startswith(f"{measured.name}: serves its own metrics on entrypoint metrics (:")
    assert bool(check["mend"]) == (status == "warn")


def test_the_doctor_on_a_traefik_without_metrics(observe, plain_traefik):
    check = checked(observe(config=config(plain_traefik, "auto"), start=False))
    assert (check["status"], check["mend"]) == ("ok", "")
