"""What hostile clients send to mongod is accounted for, cannot grow the agent, and takes nothing from other clients."""

import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import bson
import cramjam
import pytest
from backports import zstd

from mme_stack import Agent, Mongod, Stack
from mme_stack.fetch import wait_until
from mongo_lib import (
    DURATION,
    NONE,
    OP_COMPRESSED,
    OP_MSG,
    POLL,
    Counting,
    Counts,
    Wire,
    body_section,
    message,
    op_msg,
    sequence_section,
)
from mongo_load import pymongo_round

MB = 1 << 20
GROWTH = 5 * MB  # of what the agent holds, whatever it is sent and how often
REPETITIONS = 20
MESSAGE_BYTES = 48_000_000  # the longest that mongod takes
CLIENTS = 200
LINE_BYTES = 4096  # of the file of slow commands
COMPRESSORS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "snappy": (1, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "zlib": (2, zlib.compress),
    "zstd": (3, zstd.compress),
}


@pytest.fixture(scope="module")
def slow_file(mongod: Mongod) -> Path:
    return mongod.directory / "slow.jsonl"


@pytest.fixture(scope="module")
def mongo_agent(stack: Stack, mongod: Mongod, slow_file: Path) -> Iterator[Agent]:
    """To which every command is a slow one, so that it reads all that it is sent."""
    with stack.nested() as inner:
        yield inner.agent([mongod], {"slow": {"threshold": "0ms", "file": str(slow_file)}}, name="hostile-agent")


@pytest.fixture
def unharmed(mongod: Mongod, mongo_agent: Agent) -> Callable[[Callable[[], object]], None]:
    """unharmed(attack): has it happen often; neither process ends, and the agent does not grow."""

    def repeat(attack: Callable[[], object]) -> None:
        attack()  # what the first time takes is no growth
        memory = mongo_agent.settled_bytes()
        for _ in range(REPETITIONS):
            attack()
        grown = mongo_agent.settled_bytes() - memory
        print(f"resident: {memory / MB:.1f} MB, then {grown / MB:+.1f} MB")
        assert grown <= GROWTH
        assert mongo_agent.running and mongod.running

    return repeat


@contextmanager
def others_at_work(mongod: Mongod) -> Iterator[None]:
    """A client whose commands are all answered as they should be; whoever counts finds them in both accounts."""
    stop, failed = threading.Event(), []

    def work() -> None:
        try:
            with mongod.client(**POLL) as client:
                client.drop_database("others")
                rounds = 0
                while not (rounds and stop.is_set()):
                    pymongo_round(client["others"]["c"], rounds)
                    rounds += 1
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not failed, failed


def send(mongod: Mongod, data: bytes, compressor: str | None = None) -> bool:
    """By a connection of its own; whether mongod answers."""
    with Wire(mongod.port) as wire:
        if compressor:
            assert wire.command({"hello": 1, "compression": [compressor]}, "admin")["ok"] == 1
        with suppress(OSError, EOFError):
            wire.send(data)
            wire.reply()
            return True
    return False


def compressed(compressor: str, declared: int, stream: bytes) -> bytes:
    number, _ = COMPRESSORS[compressor]
    return message(OP_COMPRESSED, struct.pack("<iiB", OP_MSG, declared, number) + stream, 1)


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_bombs(
    mongod: Mongod, counting: Counting, unharmed: Callable[[Callable[[], object]], None], compressor: str
) -> None:
    """What lies of its size mongod refuses, and nobody counts; what it takes is counted, however large it becomes."""
    compress = COMPRESSORS[compressor][1]
    zeros, ping = compress(bytes(64 * MB)), body_section({"ping": 1, "$db": "bombs"})
    lies = [(size, zeros) for size in (MESSAGE_BYTES, 100, 0, -1, 0x7FFFFFFF)]
    lies += [(MESSAGE_BYTES, compress(bytes(4) + ping)), (100, b"\xff" * 1000), (100, b"")]
    document = {"zeros": bytes(15 * MB)}
    honest = bytes(4) + body_section({"insert": "c", "$db": "bombs"}) + sequence_section("documents", [document] * 2)
    bomb = compressed(compressor, len(honest), compress(honest))

    def attack() -> None:
        for declared, stream in lies:
            assert not send(mongod, compressed(compressor, declared, stream), compressor)

    with counting() as counts, others_at_work(mongod):
        unharmed(attack)
        for _ in range(3):
            assert send(mongod, bomb, compressor)
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(database="bombs") == {("insert", "bombs", "c", "ok"): 3}


def nested(depth: int) -> bytes:
    """{a: {a: … {}}}"""
    size = 5 + 8 * depth
    heads = b"".join(struct.pack("<i", size - 8 * level) + b"\x03a\0" for level in range(depth))
    return heads + struct.pack("<i", 5) + b"\0" * (depth + 1)


@pytest.mark.parametrize("compressor", [None, *COMPRESSORS])
@pytest.mark.parametrize("depth", [150, 200, 10_000, 1_000_000])
def test_nesting(
    mongod: Mongod,
    counting: Counting,
    unharmed: Callable[[Callable[[], object]], None],
    slow_file: Path,
    depth: int,
    compressor: str | None,
) -> None:
    """mongod answers in any case, but does not count what is nested too deep for it."""
    filter_ = bson.raw_bson.RawBSONDocument(nested(depth))
    content = bytes(4) + body_section({"find": "deep", "filter": filter_, "$db": "hostile"})
    data = message(OP_MSG, content, 1)
    if compressor:
        data = compressed(compressor, len(content), COMPRESSORS[compressor][1](content))
    taken = depth < 180
    with counting() as counts, others_at_work(mongod):
        unharmed(lambda: send(mongod, data, compressor))
    finds = 1 + REPETITIONS
    counts.assert_equal(aside={} if taken else {"find": -finds})
    counts.assert_nothing_skipped()
    outcomes = counts.added.by(f"{DURATION}_count", "command", "outcome", collection="deep")
    assert outcomes == {("find", "ok" if taken else "error"): finds}
    assert max(map(len, slow_file.read_text().splitlines())) < LINE_BYTES


def document(*elements: bytes, length: int | None = None) -> bytes:
    """`length`: what it says of itself."""
    content = b"".join(elements)
    return struct.pack("<i", len(content) + 5 if length is None else length) + content + b"\0"


def element(kind: int, key: str, value: bytes) -> bytes:
    return bytes([kind]) + key.encode() + b"\0" + value


def string(text: bytes, length: int | None = None) -> bytes:
    return struct.pack("<i", len(text) + 1 if length is None else length) + text + b"\0"


PING, FIND = element(0x10, "ping", bytes(4)), element(0x02, "find", string(b"c"))
AGGREGATE, DATABASE = element(0x02, "aggregate", string(b"c")), element(0x02, "$db", string(b"lies"))
NUMBER, MATCH = element(0x10, "n", bytes(4)), element(0x03, "$match", document())
STAGE = element(0x03, "0", document(MATCH))
# By command; `other` where no command can be read.
LIES = [
    ("ping", document(PING, DATABASE, length=20)),
    *(("other", document(PING, DATABASE, length=n)) for n in (-5, 0, 4, len(PING + DATABASE) + 6, 0x7FFFFFFF)),
    *(("find", document(element(0x02, "find", string(b"c", n)), DATABASE)) for n in (-1, 0, 1, 5, 0x7FFFFFFF)),
    *(("find", document(FIND, element(0x03, "filter", document(NUMBER, length=n)), DATABASE)) for n in (-8, 0, 8, 500)),
    *(
        ("aggregate", document(AGGREGATE, element(0x04, "pipeline", document(STAGE, length=n)), DATABASE))
        for n in (6, 1000)
    ),
    (
        "aggregate",
        document(
            AGGREGATE, element(0x04, "pipeline", document(element(0x03, "0", document(MATCH, length=100)))), DATABASE
        ),
    ),
]


def test_lengths_that_lie(mongod: Mongod, counting: Counting) -> None:
    """mongod refuses these commands, which are errors then, and goes on behind them; so does the agent."""
    with counting() as counts, others_at_work(mongod):
        for _, lie in LIES:
            with Wire(mongod.port) as wire:
                wire.send(message(OP_MSG, bytes(5) + lie, 1))
                wire.send(op_msg(body_section({"ping": 1, "$db": "behind"}), request_id=2))
                assert wire.document()["ok"] == 0
                assert wire.document()["ok"] == 1
    counts.assert_equal(aside={c: -n for c, n in Counter(command for command, _ in LIES).items()})
    assert counts.labels(database="behind") == {("ping", "behind", NONE, "ok"): len(LIES)}
    skipped = skipped_messages(counts)
    assert set(skipped) == {("malformed",)}
    assert skipped["malformed",] <= len(LIES)


def insert_of(size: int) -> bytes:
    """A message of exactly so many bytes."""
    body = body_section({"insert": "long", "$db": "hostile"})
    documents = [bson.encode({"d": bytes(n)}) for n in (15 * MB, 15 * MB, 0)]
    missing = size - len(op_msg(body, request_id=1)) - len(sequence_section("documents", [])) - sum(map(len, documents))
    documents[-1] = bson.encode({"d": bytes(missing)})
    content = b"documents\0" + b"".join(documents)
    data = op_msg(body, b"\1" + struct.pack("<i", 4 + len(content)) + content, request_id=1)
    assert len(data) == size
    return data


def test_the_longest_message_and_one_byte_more(mongod: Mongod, counting: Counting, mongo_agent: Agent) -> None:
    longest, longer = insert_of(MESSAGE_BYTES), insert_of(MESSAGE_BYTES + 1)
    memory = mongo_agent.settled_bytes()
    with counting() as counts, others_at_work(mongod):
        for _ in range(3):
            assert send(mongod, longest)
            assert not send(mongod, longer)
    assert mongo_agent.settled_bytes() - memory <= GROWTH
    assert mongo_agent.running and mongod.running
    counts.assert_equal()
    assert counts.labels(collection="long") == {("insert", "hostile", "long", "ok"): 3}
    assert counts.added.counter("mme_mongo_request_bytes_total", collection="long") == 3 * MESSAGE_BYTES
    assert skipped_messages(counts) == {("malformed",): 3}


def test_clients_that_send_half_a_header_and_wait(mongod: Mongod, counting: Counting, mongo_agent: Agent) -> None:
    """Half of them say the rest after all, and are counted; of the others there is no message."""
    ping = op_msg(body_section({"ping": 1, "$db": "halves"}), request_id=1)
    memory = mongo_agent.settled_bytes()
    with counting() as counts, ExitStack() as opened, others_at_work(mongod):
        wires = [opened.enter_context(Wire(mongod.port)) for _ in range(CLIENTS)]
        for wire in wires:
            wire.send(ping[:8])
        # nobody answers, so nobody knows that the bytes have arrived
        wait_until(lambda: mongo_agent.metrics().value("mme_mongo_connections", state="open") >= CLIENTS)
        metrics = mongo_agent.metrics()
        assert metrics.counter(f"{DURATION}_count", database="halves") == 0
        assert mongo_agent.settled_bytes() - memory <= GROWTH
        for wire in wires[::2]:
            wire.send(ping[8:])
            assert wire.document()["ok"] == 1
    assert mongo_agent.settled_bytes() - memory <= GROWTH
    assert mongo_agent.running and mongod.running
    counts.assert_equal()
    counts.assert_nothing_skipped()
    assert counts.labels(database="halves") == {("ping", "halves", NONE, "ok"): CLIENTS // 2}


def skipped_messages(counts: Counts) -> dict[tuple[str, ...], float]:
    return counts.added.by("mme_agent_messages_skipped_total", "reason", protocol="mongo")
