"""What tests change about this host's network, and change back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RPS = Path("/sys/class/net/lo/queues/rx-0/rps_cpus")


@contextmanager
def steered_loopback() -> Iterator[None]:
    """Loopback packets handed from one CPU to another, as a network card's are, which lets a program be
    interrupted by itself. The whole host sees it."""
    before = RPS.read_text()
    RPS.write_text(f"{(1 << (os.cpu_count() or 1)) - 1:x}")
    try:
        yield
    finally:
        RPS.write_text(before)
