"""A short conversation with Traefik and mongod, and the counts an agent must have got from it."""

import http.client
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from mme_stack import Mongod, Traefik


@dataclass(frozen=True)
class Request:
    method: str
    status: int
    times: int
    body: int = 0
    size: int = 0
    chunk: int = 0

    @property
    def label(self) -> str:
        return "EXTENSION_METHOD" if self.method == "PURGE" else self.method

    @property
    def target(self) -> str:
        return f"/?status={self.status}&size={self.size}&chunk={self.chunk}"

    @property
    def response_bytes(self) -> int:
        return 0 if self.method == "HEAD" or self.status in (204, 304) else self.size


REQUESTS = (
    Request("GET", 200, 12, size=700),
    Request("GET", 200, 4, size=3000, chunk=1000),
    Request("GET", 404, 4, size=20),
    Request("HEAD", 200, 4, size=500),
    Request("POST", 201, 8, body=300),
    Request("PUT", 204, 6, body=5000),
    Request("DELETE", 503, 4, size=9),
    Request("PATCH", 304, 3, body=1),
    Request("OPTIONS", 200, 3),
    Request("PURGE", 200, 2, size=1),
)


@dataclass
class Http:
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)  # (code, method)
    request_bytes: int = 0
    response_bytes: int = 0


def ask_traefik(traefik: Traefik) -> Http:
    """REQUESTS on one connection that is kept, and each once more on one of its own."""
    sent = Http()
    kept = http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=60)
    for r in REQUESTS:
        for i in range(r.times):
            once = i == 0
            connection = http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=60) if once else kept
            headers = {"Connection": "close"} if once else {}
            connection.request(r.method, r.target, body=b"x" * r.body or None, headers=headers)
            response = connection.getresponse()
            got = response.read()
            if response.status != r.status or len(got) != r.response_bytes:
                raise RuntimeError(f"{r}: answered {response.status} with {len(got)} bytes")
            if once:
                connection.close()
            sent.requests[str(r.status), r.label] += 1
            sent.request_bytes += r.body
            sent.response_bytes += r.response_bytes
    kept.close()
    return sent


def ask_without_end(traefik: Traefik, requests: int) -> list[http.client.HTTPConnection]:
    """On as many connections; no reply will come."""
    connections = [http.client.HTTPConnection("127.0.0.1", traefik.port, timeout=60) for _ in range(requests)]
    for connection in connections:
        connection.request("GET", "/?delay=1h")
    return connections


class Commands(CommandListener):
    """What the driver itself says it sent, by command and outcome."""

    def __init__(self) -> None:
        self.finished: Counter[tuple[str, str]] = Counter()

    def started(self, event: CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self.finished[event.command_name, "ok"] += 1

    def failed(self, event: CommandFailedEvent) -> None:
        self.finished[event.command_name, "error"] += 1


def ask_mongod(mongod: Mongod) -> Counter[tuple[str, str]]:
    listener = Commands()
    with mongod.client(event_listeners=[listener], serverSelectionTimeoutMS=60000) as client:
        memories = client.kernels.memories
        for i in range(5):
            memories.insert_one({"_id": i, "tenantId": "a"})
        memories.insert_many([{"_id": 100 + i, "text": "x" * 1000} for i in range(20)])
        for i in range(5):
            memories.find_one({"_id": i})
        list(memories.find({}, batch_size=10))  # 25 documents: a find and getMores
        memories.update_one({"_id": 1}, {"$set": {"n": 1}})
        memories.update_many({}, {"$set": {"m": 1}})
        memories.delete_one({"_id": 2})
        list(memories.aggregate([{"$match": {"m": 1}}, {"$limit": 3}]))
        with suppress(OperationFailure):
            list(memories.find({"$no": 1}))
    return listener.finished
