"""What the MongoDB tests share: a client of raw wire messages, the oracle, and comparisons with it."""

import socket
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

import bson
from pymongo import monitoring

from mme_stack import Agent, Mongod
from mme_stack.fetch import wait_until
from mme_stack.metrics import Metrics

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
CHECKSUM, MORE_TO_COME, EXHAUST_ALLOWED = 1, 2, 1 << 16
DURATION = "mme_mongo_command_duration_seconds"
NONE = "_database"  # the collection of a command that has none
# opLatencies' kinds of commands, in lower case; what is neither counts as one of its commands.
READS = {"find", "aggregate", "count", "distinct", "getmore"}
WRITES = {"insert", "update", "delete", "findandmodify"}
LABELS = ("command", "database", "collection", "outcome")

# The refresh of logical sessions runs commands inside mongod that are on no wire but in its counts.
QUIET = ["--setParameter", "disableLogicalSessionCacheRefresh=true", "--setParameter", "ttlMonitorEnabled=false"]
# Polling monitors have nothing under way when their client closes; a streamed hello has, counted by mongod alone.
POLL = {"serverMonitoringMode": "poll"}


def message(opcode: int, body: bytes, request_id: int, response_to: int = 0) -> bytes:
    return struct.pack("<iiii", 16 + len(body), request_id, response_to, opcode) + body


def body_section(command: dict[str, Any]) -> bytes:
    return b"\0" + bson.encode(command)


def sequence_section(name: str, documents: Iterable[dict[str, Any]]) -> bytes:
    content = name.encode() + b"\0" + b"".join(map(bson.encode, documents))
    return b"\1" + struct.pack("<i", 4 + len(content)) + content


def op_msg(*sections: bytes, request_id: int, flags: int = 0) -> bytes:
    return message(OP_MSG, struct.pack("<I", flags) + b"".join(sections), request_id)


def op_query(database: str, command: dict[str, Any], request_id: int) -> bytes:
    name = f"{database}.$cmd".encode() + b"\0"
    return message(OP_QUERY, struct.pack("<i", 0) + name + struct.pack("<ii", 0, -1) + bson.encode(command), request_id)


class Wire:
    """A connection that sends what it is told, and nothing by itself."""

    def __init__(self, port: int, timeout: float = 30) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ids = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def reply(self) -> tuple[int, int, bytes]:
        """One message: its responseTo, its opCode, and what is behind the header."""
        length, _, response_to, opcode = struct.unpack("<iiii", self.read(16))
        return response_to, opcode, self.read(length - 16)

    def document(self) -> dict[str, Any]:
        _, opcode, body = self.reply()
        if opcode == OP_REPLY:
            return bson.decode(body[20:])
        return bson.decode(body[5:-4] if body[0] & CHECKSUM else body[5:])

    def command(self, command: dict[str, Any], database: str = "test") -> dict[str, Any]:
        self.send(op_msg(body_section({**command, "$db": database}), request_id=next(self.ids)))
        return self.document()


class Sent(monitoring.CommandListener):
    """What the driver itself says of the commands that it sent."""

    def __init__(self) -> None:
        self.by_command: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = defaultdict(list)  # that each took which mongod did not refuse

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.by_command[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.seconds[event.command_name].append(event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


class Oracle:
    """serverStatus by a raw connection that sends nothing else; what it sends is counted on both sides."""

    def __init__(self, mongod: Mongod) -> None:
        self.wire = Wire(mongod.port)

    def close(self) -> None:
        self.wire.socket.close()

    def status(self) -> dict[str, Any]:
        return self.wire.command({"serverStatus": 1}, "admin")

    def alone(self, others: int = 0) -> dict[str, Any]:
        """The status once every other connection, but so many, has ended: of those nothing is under way in mongod."""

        def status() -> dict[str, Any] | None:
            found = self.status()
            return found if found["connections"]["current"] <= 1 + others else None

        return wait_until(status, 30)


class Counts:
    """What one period added, by mongod's own account and by the agent's."""

    def __init__(self, agent: Agent, oracle: Oracle) -> None:
        self.agent, self.oracle = agent, oracle
        self.status_before = self.alone()
        self.before = agent.metrics()
        self.known = {name.lower(): name for name in totals(self.status_before)}

    def alone(self) -> dict[str, Any]:
        """mongod's status once all clients have gone, in the agent's eyes too: mongod first counts a connection as
        ended, and then closes it, with which the programs tell what was left of it."""
        status = self.oracle.alone()
        wait_until(lambda: self.agent.metrics().value("mme_mongo_connections", state="open") <= 1, 30)
        return status

    def stop(self) -> Self:
        self.status_after = self.alone()
        self.added = self.agent.metrics() - self.before
        before, after = totals(self.status_before), totals(self.status_after)
        self.expected = {n.lower(): after[n] - before.get(n, 0) for n in after if after[n] != before.get(n, 0)}
        return self

    def ours(self) -> dict[str, float]:
        """By command; with what has no latency by design."""
        sums: dict[str, float] = {}
        for name in (f"{DURATION}_count", "mme_mongo_awaited_total", "mme_mongo_unacknowledged_total"):
            for (command,), value in self.added.by(name, "command").items():
                sums[command.lower()] = sums.get(command.lower(), 0) + value
        return sums

    def labels(self, **wanted: str) -> dict[tuple[str, ...], float]:
        return self.added.by(f"{DURATION}_count", *LABELS, **wanted)

    @property
    def statuses(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.status_before, self.status_after

    def latency_op(self, kind: str) -> tuple[float, float]:
        """mongod's own seconds and operations of one kind (reads, writes, commands)."""
        after, before = (s["opLatencies"][kind] for s in (self.status_after, self.status_before))
        return (after["latency"] - before["latency"]) / 1e6, after["ops"] - before["ops"]

    def assert_equal(self, aside: Mapping[str, int] | None = None) -> None:
        """`aside`: what mongod counts beside what is on the wire, or, below 0, does not count of it."""
        ours, aside = self.ours(), aside or {}
        pairs = {
            n: (ours.get(n, 0) + aside.get(n, 0), self.expected.get(n, 0)) for n in {*ours, *aside, *self.expected}
        }
        lost = self.added.by("mme_agent_events_lost_total", "stream", "reason")
        assert not (unlike := {n: p for n, p in pairs.items() if p[0] != p[1]}), (
            f"ours, mongod's: {unlike}, lost: {lost}"
        )
        assert_accounted(self.added)

    def assert_operations(self) -> None:
        """opLatencies counts the same, by kinds of commands, and leaves out what mongod asks itself."""
        ours = self.ours()
        kinds = {"reads": READS, "writes": WRITES, "commands": ours.keys() - READS - WRITES}
        expected = {kind: self.latency_op(kind)[1] for kind in kinds}
        assert {kind: sum(ours.get(c, 0) for c in commands) for kind, commands in kinds.items()} == expected

    def assert_nothing_skipped(self) -> None:
        assert_accounted(self.added)
        assert self.added.by("mme_agent_messages_skipped_total", "reason", protocol="mongo") == {}
        skipped = self.added.by("mme_agent_bytes_skipped_total", "reason", protocol="mongo")
        assert set(skipped) <= {("duplicate",)}, skipped


def asking(mongod: Mongod, directory: Path, uri: str | None = None) -> dict[str, Any]:
    """Its entry under targets.mongod, with a file that has the URI."""
    file = directory / f"{mongod.name}.uri"
    file.write_text((uri or f"mongodb://127.0.0.1:{mongod.port}/") + "\n")
    file.chmod(0o600)
    return {**mongod.target(), "uri_file": str(file)}


def totals(status: dict[str, Any]) -> dict[str, int]:
    """metrics.commands.<name>.total; what mongod does not know is `other` here."""
    commands = status["metrics"]["commands"]
    found = {n: int(c["total"]) for n, c in commands.items() if isinstance(c, dict)}
    return {**found, "other": int(commands["<UNKNOWN>"])}


def assert_accounted(metrics: Metrics) -> None:
    """Every byte seen was parsed or skipped with a reason."""
    seen, parsed, skipped = (
        metrics.counter(f"mme_agent_bytes_{what}_total", protocol="mongo") for what in ("seen", "parsed", "skipped")
    )
    assert seen == parsed + skipped, (seen, parsed, skipped)


Counting = Callable[[], AbstractContextManager[Counts]]


@contextmanager
def count_meanwhile(agent: Agent, oracle: Oracle) -> Iterator[Counts]:
    """Between its begin and its end all clients but the oracle come and go."""
    counts = Counts(agent, oracle)
    yield counts
    counts.stop()
