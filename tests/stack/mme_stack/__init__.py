"""Real servers for tests and the demo: started in their own cgroups, watched until ready, always cleaned up."""

from .agent import Agent
from .docker import Container, Dockerd
from .metrics import Metrics
from .mongod import Mongod
from .mongodb_exporter import MongodbExporter
from .prometheus import Prometheus
from .services import Mme, Upstream
from .stack import Stack
from .traefik import Route, Traefik

__all__ = [
    "Agent",
    "Container",
    "Dockerd",
    "Metrics",
    "Mme",
    "Mongod",
    "MongodbExporter",
    "Prometheus",
    "Route",
    "Stack",
    "Traefik",
    "Upstream",
]
