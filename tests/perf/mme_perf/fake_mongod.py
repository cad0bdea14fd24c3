"""Answers every OP_MSG with {ok: 1}: series as many as wanted, made by real packets but without a database.

Run as a process: python -m mme_perf.fake_mongod PORT
"""

import socketserver
import struct
import sys

import bson

HEADER = struct.Struct("<iiii")
OP_MSG = 2013


def message(number: int, reply_to: int, document: dict[str, object]) -> bytes:
    body = struct.pack("<IB", 0, 0) + bson.encode(document)
    return HEADER.pack(HEADER.size + len(body), number, reply_to, OP_MSG) + body


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        ok = {"ok": 1.0}
        while len(head := self.rfile.read(HEADER.size)) == HEADER.size:
            length, number, _, _ = HEADER.unpack(head)
            self.rfile.read(length - HEADER.size)
            self.wfile.write(message(0, number, ok))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
