"""cgroup v2 directories, one a server, so that programs can be attached to that server alone."""

import os
import signal
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

PARENT = "mme-stack"


@cache
def mount() -> Path:
    """The cgroup v2 mount: /sys/fs/cgroup, or on hybrid hosts somewhere below it."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return Path(before.split()[4])
    raise RuntimeError("no cgroup v2 is mounted on this host")


def member_of(pid: int) -> str:
    """The cgroup v2 of a process, as a path below the mount."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return next(line.removeprefix("0::") for line in lines if line.startswith("0::"))


class Cgroup:
    """A cgroup below `mme-stack/<our pid>`, or an existing one by its absolute path, which is left as it is."""

    def __init__(self, name: str) -> None:
        self.ours = not name.startswith("/")
        self.name = f"/{PARENT}/{os.getpid()}/{name}" if self.ours else name
        self.path = mount() / self.name.lstrip("/")

    def make(self) -> None:
        while self.ours and not self.path.exists():
            with suppress(FileNotFoundError):  # an ending session may take the parent away just now
                self.path.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Ends what is left in it, which can only be what we started, and removes it."""
        if self.ours:
            remove_tree(self.path)


def remove_tree(top: Path, timeout: float = 5) -> None:
    deadline = time.monotonic() + timeout
    while top.exists():
        for directory, _, _ in os.walk(top, topdown=False):
            kill_members(Path(directory))
            with suppress(OSError):
                Path(directory).rmdir()
        if top.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"cannot remove {top}: still holds {(top / 'cgroup.procs').read_text().split()}")
            time.sleep(0.02)
    with suppress(OSError):  # the session's own directory and the parent of all, once the last in them is gone
        top.parent.rmdir()
        (mount() / PARENT).rmdir()


def kill_members(directory: Path) -> None:
    with suppress(OSError):
        for pid in (directory / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def sweep() -> None:
    """Removes what sessions left that were killed with SIGKILL: directories of processes that are gone."""
    for session in (mount() / PARENT).glob("[0-9]*"):
        if not Path("/proc", session.name).exists():
            with suppress(OSError, TimeoutError):
                remove_tree(session, timeout=1)
