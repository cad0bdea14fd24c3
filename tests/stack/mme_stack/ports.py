"""Free TCP ports below the ephemeral range, so that no outgoing connection can take one while its server restarts."""

import random
import socket
from contextlib import closing

given: set[int] = set()


def free_port(host: str = "") -> int:
    """Another one each time: who was given one may listen on it later, or not while its server restarts."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        if port in given:
            continue
        with closing(socket.socket()) as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
            given.add(port)
            return port
    raise RuntimeError("no free port between 20000 and 32000")


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
