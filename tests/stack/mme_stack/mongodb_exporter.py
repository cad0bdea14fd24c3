"""Percona's mongodb_exporter, the oracle of the mongodb_* families."""

from pathlib import Path
from typing import Any

from .fetch import status_of
from .metrics import Metrics
from .paths import get
from .ports import free_port
from .server import Server


class MongodbExporter(Server):
    """Of the mongod at `uri`, with the collector of serverStatus; it keeps its connections, so that they do not move
    what it counts."""

    def __init__(self, directory: Path, uri: str, *, name: str = "mongodb-exporter", **kwargs: Any) -> None:
        super().__init__(name, directory, env={"MONGODB_URI": uri}, **kwargs)
        self.binary = get("mongodb_exporter")
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        listen = f"--web.listen-address=127.0.0.1:{self.port}"
        return [str(self.binary), listen, "--collector.diagnosticdata", "--mongodb.global-conn-pool"]

    def ready(self) -> bool:
        return status_of(f"{self.url}/metrics") == 200

    def metrics(self) -> Metrics:
        return Metrics.scrape(f"{self.url}/metrics")
