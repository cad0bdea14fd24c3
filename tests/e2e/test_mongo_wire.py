"""Messages made by hand: all that the protocol allows and no driver sends, and what is no protocol at all."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from mme_stack import Agent, Mongod
from mongo_lib import (
    CHECKSUM,
    DURATION,
    MORE_TO_COME,
    NONE,
    OP_MSG,
    OP_REPLY,
    Counting,
    Wire,
    assert_accounted,
    body_section,
    message,
    op_msg,
    op_query,
    sequence_section,
)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def with_checksum(*sections: bytes, request_id: int) -> bytes:
    """The checksum is of all before it, with the length that includes it."""
    plain = op_msg(*sections, request_id=request_id, flags=CHECKSUM)
    data = struct.pack("<i", len(plain) + 4) + plain[4:]
    return data + struct.pack("<I", crc32c(data))


def test_checksums(mongod: Mongod, counting: Counting) -> None:
    insert = {"insert": "sums", "$db": "wire"}
    with counting() as counts, Wire(mongod.port) as wire:
        for sections in (
            [body_section({"ping": 1, "$db": "wire"})],
            [body_section(insert), sequence_section("documents", [{"n": 1}, {"n": 2}])],
            [sequence_section("documents", [{"n": 3}]), body_section(insert)],
        ):
            wire.send(with_checksum(*sections, request_id=next(wire.ids)))
            assert wire.document()["ok"] == 1
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(command="insert") == {("insert", "wire", "sums", "ok"): 2}


def test_sections_in_any_order(mongod: Mongod, counting: Counting) -> None:
    """`$db` and the collection are found behind a megabyte of documents, and before it."""
    documents = sequence_section("documents", [{"text": "x" * 1000} for _ in range(1000)])
    bodies = [{"insert": "c", "$db": "wire"}, {"insert": "c", "writeConcern": {"w": 1}, "$db": "wire", "comment": "c"}]
    with counting() as counts, Wire(mongod.port) as wire:
        for body in map(body_section, bodies):
            for sections in ((documents, body), (body, documents)):
                wire.send(op_msg(*sections, request_id=next(wire.ids)))
                assert wire.document()["n"] == 1000
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(command="insert") == {("insert", "wire", "c", "ok"): 4}


def test_unacknowledged(mongod: Mongod, counting: Counting) -> None:
    with counting() as counts, Wire(mongod.port) as wire:
        for n in range(100):
            insert = {"insert": "w0", "documents": [{"_id": n}], "writeConcern": {"w": 0}, "$db": "wire"}
            wire.send(op_msg(body_section(insert), request_id=next(wire.ids), flags=MORE_TO_COME))
        assert wire.command({"count": "w0"}, "wire")["n"] == 100
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.added.counter("mme_mongo_unacknowledged_total", command="insert") == 100
    assert counts.added.counter(f"{DURATION}_count", command="insert") == 0


def test_outstanding_requests(mongod: Mongod, counting: Counting) -> None:
    """mongod answers in order; request ids need not ascend, and come again once they are answered."""
    with counting() as counts, Wire(mongod.port) as wire:
        for ids in ([7, 3, 2**31 - 1, -5, 1], [7, 3, 1], range(100, 160)):
            wire.send(b"".join(op_msg(body_section({"ping": 1, "$db": "many"}), request_id=i) for i in ids))
            assert [wire.reply()[0] for _ in ids] == list(ids)
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(command="ping") == {("ping", "many", NONE, "ok"): 68}


def test_legacy_handshake(mongod: Mongod, counting: Counting) -> None:
    commands = [{"isMaster": 1}, {"ismaster": 1, "helloOk": True, "compression": ["none"]}]
    with counting() as counts, Wire(mongod.port) as wire:
        for command in commands:
            wire.send(op_query("admin", command, next(wire.ids)))
            _, opcode, _ = wire.reply()
            assert opcode == OP_REPLY
        assert wire.command({"ping": 1})["ok"] == 1
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(command="isMaster") == {("isMaster", "admin", NONE, "ok"): 2}


def test_cut_everywhere(mongod: Mongod, counting: Counting) -> None:
    """A segment ends at every place of a message, then at every byte of it."""
    command = {"find": "cut_é", "filter": {"a": [1, {"b": "c"}]}, "limit": 1, "lsid": {"x": 1}, "$db": "wire_ü"}
    size = len(op_msg(body_section(command), request_id=1))
    with counting() as counts, Wire(mongod.port) as wire:
        for cut in range(1, size):
            data = op_msg(body_section(command), request_id=cut)
            wire.send(data[:cut])
            time.sleep(0.0005)
            wire.send(data[cut:])
            assert wire.document()["ok"] == 0  # the session id is none: mongod reads, counts and refuses it
        for byte in op_msg(body_section({"ping": 1, "$db": "wire_ü"}), request_id=size):
            wire.send(bytes([byte]))
        assert wire.document()["ok"] == 1
    counts.assert_nothing_skipped()
    assert counts.labels(database="wire_ü") == {
        ("find", "wire_ü", "cut_é", "error"): size - 1,
        ("ping", "wire_ü", NONE, "ok"): 1,
    }


HOSTILE = {
    "tls": bytes.fromhex("1603010200010001fc0303") + bytes(506),
    "http": b"GET / HTTP/1.1\r\nHost: mongod\r\n\r\n",
    "preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "short": struct.pack("<iiii", 15, 1, 0, OP_MSG),
    "endless": struct.pack("<iiii", 0x7FFFFFFF, 1, 0, OP_MSG) + bytes(100),
    "negative": struct.pack("<iiii", -16, 1, 0, OP_MSG) + bytes(100),
    "opcode": message(4242, bytes(40), 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_protocol(mongod: Mongod, counting: Counting, name: str) -> None:
    """Counted by reason, and the connections beside it lose nothing."""
    stop = threading.Event()
    pings = 0

    def ping() -> None:
        nonlocal pings
        with Wire(mongod.port) as wire:
            while not (pings and stop.is_set()):
                assert wire.command({"ping": 1}, "beside")["ok"] == 1
                pings += 1

    with counting() as counts:
        beside = threading.Thread(target=ping)
        beside.start()
        for _ in range(20):
            # mongod may reset it at once; in any case it has taken it up when it ends it
            with suppress(OSError), socket.create_connection(("127.0.0.1", mongod.port), timeout=60) as hostile:
                hostile.sendall(HOSTILE[name])
                hostile.shutdown(socket.SHUT_WR)
                while hostile.recv(4096):
                    pass
        stop.set()
        beside.join()
    counts.assert_equal()
    assert counts.labels(command="ping") == {("ping", "beside", NONE, "ok"): pings}
    skipped = counts.added.by("mme_agent_messages_skipped_total", "reason", protocol="mongo")
    directions = 2 if name == "http" else 1  # mongod explains itself in HTTP
    assert skipped == {("tls" if name == "tls" else "malformed",): 20 * directions}


LYING = {
    "document": struct.pack("<I", 0) + b"\0" + struct.pack("<i", 10_000) + b"\x10ping\0" + bytes(50),
    "string": struct.pack("<I", 0) + b"\0" + struct.pack("<i", 60) + b"\x02find\0" + b"\xff\xff\xff\x7f" + bytes(50),
    "binary": struct.pack("<I", 0) + b"\0" + struct.pack("<i", 60) + b"\x05ping\0" + b"\xff\xff\xff\xff" + bytes(50),
    "sequence": struct.pack("<I", 0) + b"\1" + struct.pack("<i", 0x7FFFFFFF) + bytes(50),
    "section": struct.pack("<I", 0) + b"\7" + bytes(50),
}


@pytest.mark.parametrize("name", LYING)
def test_lying_lengths_inside(mongod: Mongod, counting: Counting, name: str) -> None:
    """The message's own length holds: what follows it on the same connection is understood where mongod goes on."""
    with counting() as counts, Wire(mongod.port) as wire:
        wire.send(message(OP_MSG, LYING[name], 1) + op_msg(body_section({"ping": 1, "$db": "after"}), request_id=2))
        answered = 0
        try:
            while wire.reply()[0] != 2:
                pass
            answered = 1
        except (EOFError, ConnectionError):
            pass
    labels = counts.labels(command="ping", database="after")
    assert labels == ({("ping", "after", NONE, "ok"): 1} if answered else {})
    skipped = counts.added.by("mme_agent_messages_skipped_total", "reason", protocol="mongo")
    assert skipped.get(("malformed",)) == 1
    assert_accounted(counts.added)


def test_older_than_the_agent(mongod: Mongod, observe: Callable[..., Agent]) -> None:
    """Taken up at the first whole message."""
    with Wire(mongod.port) as wire:
        wire.command({"ping": 1})
        agent = observe(mongod)
        before = agent.metrics()
        for _ in range(100):
            wire.command({"ping": 1}, "older")
        added = agent.metrics() - before
    assert_accounted(added)
    assert added.counter(f"{DURATION}_count", command="ping", database="older") == 100


def test_half_closed(mongod: Mongod, counting: Counting) -> None:
    """The reply comes after the client said that it sends no more."""
    with counting() as counts:
        for _ in range(20):
            with Wire(mongod.port) as wire:
                wire.send(op_msg(body_section({"ping": 1, "$db": "half"}), request_id=1))
                wire.socket.shutdown(socket.SHUT_WR)
                assert wire.document()["ok"] == 1
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(command="ping") == {("ping", "half", NONE, "ok"): 20}
