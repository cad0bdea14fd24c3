"""The tests' own two services behind Traefik."""

from pathlib import Path
from typing import Any

from .fetch import get_json, status_of
from .paths import get
from .ports import accepts, free_port
from .server import Server


class Upstream(Server):
    """Answers what the request's query asks for: tests/stack/upstream."""

    def __init__(self, directory: Path, *, name: str = "upstream", host: str = "127.0.0.1", **kwargs: Any) -> None:
        super().__init__(name, directory, **kwargs)
        self.binary = get("upstream")
        self.host = host
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        return [str(self.binary), "-listen", f"{self.host}:{self.port}"]

    def ready(self) -> bool:
        return accepts(self.port)

    def count(self) -> dict[str, Any]:
        """{"requests": {method: n}, "request_bytes": n} as the upstream itself saw them."""
        return get_json(f"{self.url}/-/count")


class Mme(Server):
    """The MME-like service on a mongod: tests/stack/mme."""

    def __init__(self, directory: Path, mongodb: str, *, name: str = "mme", **kwargs: Any) -> None:
        super().__init__(name, directory, **kwargs)
        self.binary = get("mme")
        self.mongodb = mongodb
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        return [str(self.binary), "-listen", f"127.0.0.1:{self.port}", "-mongodb", self.mongodb]

    def ready(self) -> bool:
        return status_of(f"{self.url}/healthz") == 200
