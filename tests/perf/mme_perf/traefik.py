"""CPU added to a request: by the agent, and by switching Traefik's own metrics on. Interleaved rounds in one run."""

from collections import defaultdict

from mme_stack import Route, Stack, Traefik
from mme_stack.load import wrk

from .cpu import of_all
from .result import Figure, median


def against_traefik(quick: bool) -> list[Figure]:
    requests, times = (6_400, 5) if quick else (38_400, 15)
    with Stack() as stack:
        upstream = stack.upstream()
        routes = [Route("PathPrefix(`/`)", [upstream.url])]
        kinds: dict[str, Traefik] = {
            "plain": stack.traefik(routes, name="plain"),
            "agent": stack.traefik(routes, name="observed"),
            "metrics": stack.traefik(routes, name="own-metrics", oracle=True),
        }
        agent = stack.agent([kinds["agent"]])

        def cpu_us(kind: str) -> float:
            traefik = kinds[kind]
            taking_part = [upstream, traefik, *([agent] if kind == "agent" else [])]
            before = of_all(taking_part)
            made = wrk(f"{traefik.url}/?size=100", requests, 64, threads=2)
            assert made.requests == requests and not made.errors, made
            if kind == "agent":
                agent.metrics()
            elif kind == "metrics":
                traefik.metrics()  # both are scraped once a round
            return (of_all(taking_part) - before) / requests * 1e6

        for kind in kinds:
            cpu_us(kind)
        spent: dict[str, list[float]] = defaultdict(list)
        for i in range(times):
            order = list(kinds)
            for kind in order[i % 3 :] + order[: i % 3]:
                spent[kind].append(cpu_us(kind))

    plain = median(spent["plain"])
    by_agent = [a - p for a, p in zip(spent["agent"], spent["plain"], strict=True)]
    by_metrics = [m - p for m, p in zip(spent["metrics"], spent["plain"], strict=True)]
    agent_us, metrics_us = median(by_agent), median(by_metrics)
    details = {f"{k}_us": median(v) for k, v in spent.items()}
    return [
        Figure(
            "traefik/request", plain, "us", note="CPU of load, Traefik and upstream, nothing measures", details=details
        ),
        Figure("traefik/own metrics add", metrics_us, "us", note="a request", rounds=by_metrics),
        Figure("traefik/agent adds", agent_us, "us", note="a request, kernel and user", rounds=by_agent),
        Figure("traefik/agent : own metrics", agent_us / metrics_us, "", limit=0.1, note="of the two lines above"),
    ]
