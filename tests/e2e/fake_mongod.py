"""A server that answers every message of one connection after another with {ok: 1}: python3 fake_mongod.py PORT."""

import socket
import struct
import sys

import bson

OK = b"\0" * 4 + b"\0" + bson.encode({"ok": 1.0})
OP_MSG = 2013


def serve(connection: socket.socket) -> None:
    kept = b""
    while data := connection.recv(1 << 18):
        kept += data
        replies, at = [], 0
        while len(kept) - at >= 16:
            length, request_id = struct.unpack_from("<ii", kept, at)
            if len(kept) - at < length:
                break
            replies.append(struct.pack("<iiii", 16 + len(OK), 0, request_id, OP_MSG) + OK)
            at += length
        kept = kept[at:]
        connection.sendall(b"".join(replies))


def main() -> None:
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                serve(connection)


if __name__ == "__main__":
    main()
