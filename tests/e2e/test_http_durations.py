"""Durations: the counts of Traefik's own `le` bounds, and percentiles as the client measures them.

Each of ours is no shorter than Traefik's, which begins when it has read the head, and than the delay that the upstream
was asked for; and no longer than the client's, which has every wait for a CPU in it. That holds on a busy machine too;
on a quiet one these are so near to each other that there is nothing in between.
"""

import time

import pytest

from lib.oracle import LEG, measured
from lib.raw import RawClient, get
from mme_stack.load import hey

# delay in ms -> requests, workers. 50 %, 95 % and 99 % of 1,000 fall well inside the groups of 150, 400 and 1500 ms.
MIX = {20: (300, 10), 150: (450, 15), 400: (210, 30), 1500: (40, 40)}
DELAYS = sorted(delay / 1000 for delay, (requests, _) in MIX.items() for _ in range(requests))
BOUNDS = (0.1, 0.3, 1.2, 5.0, float("inf"))
HEY_S = 0.0001  # hey writes its durations with so many digits


@pytest.fixture(scope="module")
def agent(stack, traefik):
    with stack.nested() as inner:
        yield inner.agent([traefik])


@pytest.fixture(scope="module")
def mixture(agent, traefik):
    """(what both counted, the client's durations, the agent's status right after)"""
    durations: list[float] = []
    with measured(agent, traefik) as m:
        for delay, (requests, workers) in MIX.items():
            made = hey(f"{traefik.url}/?delay={delay}ms&size=100", requests, workers)
            assert made.requests == requests
            durations += made.durations
    return m, sorted(durations), agent.status()


def test_bounds_equal_traefik(mixture):
    """But for requests that were within a bound to Traefik, and beyond it to the client."""
    m, durations, _ = mixture
    m.assert_equal(1000)
    ours = m.agent.buckets(f"{LEG}_request_duration_seconds", entrypoint="web")
    theirs = m.traefik.buckets(f"{LEG}_request_duration_seconds", entrypoint="web")
    assert ours[BOUNDS[-1]] == 1000
    clients = {b: sum(d + HEY_S <= b for d in durations) for b in BOUNDS}
    print([(b, clients[b], ours[b], theirs[b]) for b in BOUNDS])
    assert all(clients[b] <= ours[b] <= theirs[b] for b in BOUNDS)


def test_bounds_are_written_as_traefik_writes_them(agent, mixture):  # noqa: ARG001 -- there must be a histogram
    _, text = agent.get("/metrics")
    for bound in ("0.1", "0.3", "1.2", "5", "+Inf"):
        assert f'le="{bound}"'.encode() in text


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_percentiles_within_five_percent_of_the_client(mixture, percent):
    _, durations, status = mixture
    web = next(g for g in status["groups"] if (g["kind"], g["name"]) == ("entrypoint", "web"))
    ours = web["total"][f"p{percent}_s"]
    rank = round(percent / 100 * len(durations)) - 1
    print(DELAYS[rank], ours, durations[rank])
    assert DELAYS[rank] * 0.95 <= ours <= (durations[rank] + HEY_S) * 1.05


def test_sum_is_the_mean_of_the_client(mixture):
    m, durations, _ = mixture
    ours, theirs = (of.counter(f"{LEG}_request_duration_seconds_sum", entrypoint="web") for of in (m.agent, m.traefik))
    print(sum(DELAYS), theirs, ours, sum(durations))
    assert sum(DELAYS) <= theirs <= ours <= sum(durations) + HEY_S * len(durations)


def test_lasts_from_the_first_byte_of_the_request_to_the_last_of_the_response(agent, traefik):
    """Traefik's clock starts when it has read the head and stops with its handler; the client waits for both ends."""
    with measured(agent, traefik) as m, RawClient(traefik.port) as client:
        request = get("/?size=300&chunk=100&chunk_delay=100ms")
        started = time.monotonic()
        client.send(request[:20])
        time.sleep(0.3)
        client.send(request[20:])
        client.response()
        took = time.monotonic() - started
    m.assert_equal(1)
    ours = m.agent.counter(f"{LEG}_request_duration_seconds_sum", entrypoint="web")
    theirs = m.traefik.counter(f"{LEG}_request_duration_seconds_sum", entrypoint="web")
    print(theirs, ours, took)
    assert theirs >= 0.2
    assert theirs + 0.3 <= ours <= took
