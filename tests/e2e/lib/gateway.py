"""A Traefik of which the agent is told nothing but its process, and parts of its dynamic configuration."""

from collections.abc import Callable
from typing import Any

from mme_stack import Agent, Traefik
from mme_stack.agent import targets
from mme_stack.fetch import status_of, wait_until


def unnamed(traefik: Traefik, **more: Any) -> dict[str, Any]:
    """The agent is told which process, and nothing of its names."""
    config = targets([traefik])
    del config["traefik"][0]["entrypoints"]
    config["traefik"][0].update(more)
    return {"targets": config}


def observed(observe: Callable[..., Agent], traefik: Traefik) -> Agent:
    """It has found the names; Traefik's own metrics may be on, and ours are all the same."""
    agent = observe(config={**unnamed(traefik), "compat": {"traefik": "on"}})
    wait_until(lambda: agent.status()["targets"][0]["names"])
    return agent


def wait_routed(traefik: Traefik, path: str = "/") -> None:
    """Until it has read its dynamic configuration, which it does a moment after it listens."""
    wait_until(lambda: status_of(traefik.url + path) not in (None, 404))


def load_balancer(*urls: str, **options: Any) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url} for url in urls], **options}}
