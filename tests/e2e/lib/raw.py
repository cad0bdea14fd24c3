"""A client that sends exactly the bytes it is told to, cut where it is told to."""

import itertools
import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import Self

TIMEOUT = 60


class RawClient:
    """One connection. Every `send` is a segment of its own (TCP_NODELAY)."""

    def __init__(self, port: int, host: str = "127.0.0.1", family: int = socket.AF_INET) -> None:
        self.socket = socket.socket(family)
        self.socket.settimeout(TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect((host, port))
        self.buffer = b""
        self.sent = 0
        self.received = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes, cuts: Iterable[int] = ()) -> None:
        """`cuts`: offsets at which a new segment begins."""
        edges = [0, *cuts, len(data)]
        for start, end in itertools.pairwise(edges):
            self.socket.sendall(data[start:end])
        self.sent += len(data)

    def more(self) -> bool:
        data = self.socket.recv(1 << 16)
        self.buffer += data
        self.received += len(data)
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            assert self.more(), f"the connection ended before {mark!r}: {self.buffer[-200:]!r}"
        found, _, self.buffer = self.buffer.partition(mark)
        return found + mark

    def take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            assert self.more(), f"the connection ended {size - len(self.buffer)} bytes early"
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def to_end(self) -> bytes:
        """Everything until the server closes (or resets) the connection."""
        try:
            while self.more():
                pass
        except ConnectionResetError:
            pass
        found, self.buffer = self.buffer, b""
        return found

    def head(self) -> tuple[int, dict[bytes, bytes]]:
        lines = self.until(b"\r\n\r\n").split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines[1:] if b": " in line)
        return int(lines[0].split()[1]), fields

    def response(self, *, bodiless: bool = False) -> tuple[int, bytes]:
        """The next final response."""
        status, fields = self.head()
        while 100 <= status < 200 and status != 101:
            status, fields = self.head()
        if bodiless or status in (101, 204, 304):
            return status, b""
        if fields.get(b"transfer-encoding") == b"chunked":
            return status, self.chunks()
        if b"content-length" in fields:
            return status, self.take(int(fields[b"content-length"]))
        return status, self.to_end()

    def chunks(self) -> bytes:
        body = b""
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            body += self.take(size)
            self.take(2)
        while self.until(b"\r\n") != b"\r\n":
            pass
        return body

    def reset(self) -> None:
        """Ends with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def get(path: str = "/", *, method: str = "GET", fields: str = "", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request; `fields` are whole header lines."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{length}{fields}\r\n".encode() + body
