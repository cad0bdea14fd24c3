"""Names without end: what they may cost is fixed, and each command is counted all the same."""

import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from mme_stack import Agent, Stack
from mme_stack.ports import free_port
from mme_stack.server import Server
from mongo_lib import DURATION, Wire, assert_accounted, body_section, op_msg

NAMES = int(os.environ.get("MME_E2E_NAMES", "1000000"))  # ten seconds, some minutes on a busy machine
BATCH = 100  # outstanding at a time
SERIES = 2000  # the default of limits.series_per_family; `_other` is one more
MB = 1 << 20


class FakeMongod(Server):
    """Real servers take a minute for so many collections; this one knows none."""

    kind = "mongod"

    def __init__(self, directory: Path) -> None:
        super().__init__("fake-mongod", directory)
        self.port = free_port()

    def argv(self) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("fake_mongod.py")), str(self.port)]

    def ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def target(self) -> dict[str, object]:
        return {"name": self.name, "pid": self.pid}


@pytest.fixture
def server(servers: Stack) -> FakeMongod:
    _, directory = servers.place("fake-mongod")
    return servers.run(FakeMongod(directory))


def finds(random: Random, count: int) -> bytes:
    """Random names of 16 hexadecimal digits, of the whole of a fixed message, which is ten times as fast as BSON."""
    template = op_msg(body_section({"find": "c" * 16, "$db": "d" * 16}), request_id=0)
    collection, database = template.index(b"c" * 16), template.index(b"d" * 16)
    parts = []
    for request_id in range(1, count + 1):
        names = b"%032x" % random.getrandbits(128)
        parts += [
            template[:4],
            struct.pack("<i", request_id),
            template[8:collection],
            names[:16],
            template[collection + 16 : database],
            names[16:],
            template[database + 16 :],
        ]
    return b"".join(parts)


@pytest.mark.timeout(900)
def test_names_without_end(server: FakeMongod, observe: Callable[..., Agent]) -> None:
    """From an agent that has seen nothing to one whose family is full; more names cost nothing."""
    agent = observe(server)
    before = agent.settled_bytes()
    random = Random(1)
    reply = 16 + 4 + 1 + 17
    with Wire(server.port) as wire:
        for _ in range(NAMES // BATCH):
            wire.send(finds(random, BATCH))
            wire.read(BATCH * reply)
    metrics = agent.metrics()
    status, body = agent.get("/metrics")
    assert status == 200
    grown = agent.settled_bytes() - before
    print(f"resident: {before / MB:.1f} MB, then {grown / MB:+.1f} MB; a scrape of {len(body) / MB:.1f} MB")

    assert_accounted(metrics)
    assert metrics.by("mme_agent_messages_skipped_total", "reason", protocol="mongo") == {}
    assert metrics.counter(f"{DURATION}_count") == NAMES
    series = [labels for labels, _ in metrics.select(f"{DURATION}_count")]
    # two names a series, of which the kernel keeps some 2,250: series of the others are `unknown` together
    assert SERIES // 2 < len(series) <= SERIES + 1
    assert metrics.value("mme_agent_series", family="mongo") >= SERIES
    assert metrics.counter(f"{DURATION}_count", collection="_other") == NAMES - SERIES
    assert metrics.value("mme_agent_series_overflow_total", family="mongo") == NAMES - SERIES
    for family in metrics.names():
        bounds = {str(labels.get("le")) for labels, _ in metrics.select(family)}
        assert sum(1 for _ in metrics.select(family)) <= (SERIES + 1) * len(bounds), family
    assert grown <= 5 * MB
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, timeout=60)
        complaints = [line for line in checked.stderr.decode().splitlines() if line.startswith("mme_")]
        assert not complaints


def test_names_that_are_no_text(server: FakeMongod, observe: Callable[..., Agent]) -> None:
    """Quotes, line ends, broken UTF-8 and zero bytes in names leave a scrape that parses (Metrics reads it)."""
    agent = observe(server)
    hostile = [
        b'"',
        b"\\",
        b"\n",
        b"\\n",
        b'",a="',
        b"\xff\xfe\x80",
        b"\xe6\x97",
        b"\xed\xa0\x80",
        b"a\0b",
        b"",
        b"_other",
    ]
    with Wire(server.port) as wire:
        for name in hostile:
            template = op_msg(body_section({"find": "NAME", "$db": "db"}), request_id=1)
            at = template.index(b"NAME")
            data = template[: at - 4] + struct.pack("<i", len(name) + 1) + name + template[at + 4 :]
            body_length = struct.unpack_from("<i", data, 21)[0] + len(name) - 4
            data = struct.pack("<i", len(data)) + data[4:21] + struct.pack("<i", body_length) + data[25:]
            wire.send(data)
            assert wire.document()["ok"] == 1
    metrics = agent.metrics()
    assert_accounted(metrics)
    assert metrics.counter(f"{DURATION}_count", command="find", database="db") == len(hostile)
    collections = set(metrics.by(f"{DURATION}_count", "collection"))
    assert {('"',), ("\\",), ("\n",), ("\\n",), ('",a="',)} <= collections
