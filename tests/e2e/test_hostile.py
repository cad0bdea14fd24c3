"""What comes from the wire cannot grow the agent: a million invented methods, labels that try to escape."""

import random
import re
import subprocess
import threading

import pytest

from lib.oracle import assert_settled_accounting, measured, skipped_messages
from lib.raw import RawClient, get
from mme_stack import Metrics, Route
from mme_stack.fetch import wait_until

MILLION = 1_000_000
SERIES = 2_000
MB = 1 << 20
GROWTH = 5 * MB
FAMILIES = ("traefik_entrypoint_requests_total", "mme_upstream_requests_total")
TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"


@pytest.fixture(scope="module")
def unrouted(stack):
    """Traefik answers 404 itself, so that a million requests take seconds."""
    with stack.nested() as inner:
        yield inner.traefik([], name="unrouted", static={"log": {"level": "ERROR"}})


def series(metrics: Metrics, family: str) -> int:
    return sum(1 for _ in metrics.select(family))


def flood(port: int, requests: int, seed: int, answered: list[int]) -> None:
    """Pipelined in batches, each method a random token of up to 20 characters."""
    choose = random.Random(seed)
    tail = " /x HTTP/1.1\r\nHost: x\r\n\r\n"
    count = 0
    with RawClient(port) as client:
        for _ in range(requests // 500):
            batch = "".join("".join(choose.choices(TOKEN, k=choose.randint(1, 20))) + tail for _ in range(500))
            client.send(batch.encode())
            got = 0
            while got < 500:
                assert client.more(), "Traefik closed the connection"
                *whole, client.buffer = client.buffer.split(b"HTTP/1.1 404")
                got += len(whole)
            count += got
    answered.append(count)


def check_exposition(agent) -> None:
    """Prometheus' Python parser and its own promtool both accept the scrape."""
    _, text = agent.get("/metrics")
    Metrics.parse(text.decode())
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60)
    complaints = [line for line in done.stderr.decode().splitlines() if re.match(r"(mme_|process_)", line)]
    assert not complaints  # names of compatible families are Traefik's and not ours to mend
    assert done.returncode in (0, 3), done.stderr.decode()  # 3: lint only; 1 is a text that does not parse


@pytest.mark.slow
def test_a_million_invented_methods(servers, unrouted):
    agent = servers.agent([unrouted], name="hostile")
    memory = agent.settled_bytes()
    answered: list[int] = []
    before = agent.metrics()
    threads = [threading.Thread(target=flood, args=(unrouted.port, MILLION // 4, s, answered)) for s in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(answered) == MILLION
    wait_until(lambda: (agent.metrics() - before).counter("traefik_entrypoint_requests_total") >= MILLION)
    now = agent.metrics()
    added = now - before
    assert added.counter("traefik_entrypoint_requests_total") == MILLION
    assert {m for (m,) in now.by("traefik_entrypoint_requests_total", "method")} <= {
        *("EXTENSION_METHOD", "GET", "HEAD", "PUT", "POST")  # a short random token may be one
    }
    for family in FAMILIES:
        assert series(now, family) <= SERIES
    grown = agent.settled_bytes() - memory
    print(f"resident: {memory / MB:.1f} MB, then {grown / MB:+.1f} MB")
    assert grown <= GROWTH
    assert_settled_accounting(agent)
    check_exposition(agent)


def test_full_families_stay_small(servers, upstream):
    """Every series there can be, of both legs, from an agent that has none; an upstream may invent codes."""
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="full")
    agent = servers.agent([traefik], name="full-agent")
    memory = agent.settled_bytes()
    with RawClient(traefik.port) as client:
        for method in ("GET", "PUT", "POST"):
            for status in range(200, 900):
                client.send(get(f"/?status={status}", method=method))
                assert client.response()[0] == status
    now = agent.metrics()
    for family in FAMILIES:
        assert series(now, family) == SERIES + 1  # with `_other`
    grown = agent.settled_bytes() - memory
    print(f"resident: {memory / MB:.1f} MB, then {grown / MB:+.1f} MB")
    assert grown <= GROWTH


HOSTILE = {
    "quote": 'G"E{T',
    "newline": "X\\nY",
    "long": "M" * 60_000,
    "utf8": "\u00e9\u20ac",
    "nul": "A\0B",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_methods_that_try_to_escape_a_label(traefik, what, hostile_agent):
    agent = hostile_agent
    with RawClient(traefik.port) as client:
        client.send(f"{HOSTILE[what]} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        client.to_end()
    with RawClient(traefik.port) as client:
        client.send(get("/?status=201"))
        assert client.response()[0] == 201
    methods = {m for (m,) in agent.metrics().by("traefik_entrypoint_requests_total", "method")}
    assert methods <= {"GET", "EXTENSION_METHOD"}
    assert_settled_accounting(agent)
    check_exposition(agent)


@pytest.fixture(scope="module")
def hostile_agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik], name="labels")


def test_every_code_is_capped(servers, upstream):
    """Codes are the upstream's to invent; with a low limit what is over it goes to `_other` and is counted."""
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="codes")
    agent = servers.agent([traefik], {"limits": {"series_per_family": 50}}, name="capped")
    before = agent.metrics()
    with RawClient(traefik.port) as client:
        for status in range(400, 600):
            client.send(get(f"/?status={status}"))
            assert client.response()[0] == status
    added = agent.metrics() - before
    assert added.counter("traefik_entrypoint_requests_total", entrypoint="web") + other(added) >= 200
    assert series(agent.metrics(), "traefik_entrypoint_requests_total") <= 51
    assert added.counter("mme_agent_series_overflow_total") >= 100
    check_exposition(agent)


def other(metrics: Metrics) -> float:
    return metrics.counter("traefik_entrypoint_requests_total", entrypoint="_other")


# With both fields Go takes Transfer-Encoding and drops Content-Length, so that one is a request.
LENGTHS = {
    "overflow": ("Content-Length: 99999999999999999999999", 0),
    "negative": ("Content-Length: -1", 0),
    "two": ("Content-Length: 5\r\nContent-Length: 6", 0),
    "hexadecimal": ("Content-Length: 0x10", 0),
    "with chunks": ("Transfer-Encoding: chunked\r\nContent-Length: 5", 1),
}


@pytest.mark.parametrize("what", LENGTHS)
def test_lengths_that_lie(traefik, what, hostile_agent):
    """What is no request to Traefik is none here, and has its reason."""
    fields, requests = LENGTHS[what]
    with measured(hostile_agent, traefik) as counts, RawClient(traefik.port) as client:
        client.send(f"POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\nConnection: close\r\n\r\n0\r\n\r\n".encode())
        client.to_end()
    counts.assert_equal(requests)
    assert (skipped_messages(counts.agent).get("malformed", 0) == 0) == (requests == 1)
