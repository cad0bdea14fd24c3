"""mongod with an empty data directory."""

from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from .paths import get
from .ports import free_port
from .server import Server


class Mongod(Server):
    """A standalone mongod, or with `replica_set` a set of one (for transactions, change streams, exhaust hello), or
    without `initiate` a member-to-be of a set that ReplicaSet makes.

    `diagnostics`: it looks at itself ten times a second, which is what mongodb_exporter shows.
    """

    kind = "mongod"

    def __init__(
        self,
        directory: Path,
        *,
        name: str = "mongod",
        host: str = "127.0.0.1",
        replica_set: str | None = None,
        initiate: bool = True,
        diagnostics: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, directory, **kwargs)
        self.binary = get("mongod")
        self.host = host
        self.port = free_port()
        self.replica_set = replica_set
        self.initiate = initiate
        self.diagnostics = diagnostics
        self.data = directory / "data"
        self.data.mkdir(exist_ok=True)

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/" + (f"?replicaSet={self.replica_set}" if self.replica_set else "")

    def uri_with(self, options: str) -> str:
        """With these options, "compressors=zlib"."""
        return f"{self.uri}{'&' if '?' in self.uri else '?'}{options}" if options else self.uri

    def argv(self) -> list[str]:
        argv = [str(self.binary), "--dbpath", str(self.data), "--port", str(self.port), "--bind_ip", self.host]
        argv += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        if self.diagnostics:
            argv += ["--setParameter", "diagnosticDataCollectionPeriodMillis=100"]
        else:
            argv += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        return [*argv, "--replSet", self.replica_set] if self.replica_set else argv

    def client(self, **options: Any) -> pymongo.MongoClient[dict[str, Any]]:
        return pymongo.MongoClient(self.uri, **options)

    def ready(self) -> bool:
        # Direct and short: a set that is not initiated yet has no primary to find.
        direct = pymongo.MongoClient(
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=200, connectTimeoutMS=200
        )
        with direct:
            try:
                hello = direct.admin.command("hello")
                if not self.initiate:
                    return True
                if self.replica_set and not hello.get("setName"):
                    member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                    direct.admin.command("replSetInitiate", {"_id": self.replica_set, "members": [member]})
                    return False
                return bool(hello.get("isWritablePrimary"))
            except PyMongoError:
                return False

    def server_status(self) -> dict[str, Any]:
        """serverStatus by a connection of its own; it adds hello, serverStatus and endSessions to the counts."""
        with self.client() as client:
            return client.admin.command("serverStatus")

    def command_totals(self) -> dict[str, int]:
        """metrics.commands.<name>.total, the oracle for counts by command; names never used are left out."""
        commands = self.server_status()["metrics"]["commands"]
        return {n: c["total"] for n, c in commands.items() if isinstance(c, dict) and c.get("total")}
