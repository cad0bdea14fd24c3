"""One server process: its own cgroup, its log, its readiness, its end."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cgroups import Cgroup

# The shell joins the cgroup before it becomes the server: a socket belongs to the cgroup it was made in.
# PDEATHSIG ends the server even if this process is killed with SIGKILL.
LAUNCH = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"']


class StartError(RuntimeError):
    pass


class Server:
    """A server with a fixed directory, cgroup and port: stopped and started again, it is the same one.

    `cgroup`: the name of a new one, or an existing one's absolute path ("/" for the root).
    `prefix`: a command to run it under, such as ["nsenter", "--net=/run/netns/a"].
    """

    kind = ""  # what it is to the agent: traefik, mongod or nothing
    start_timeout = 120.0

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        cgroup: str | None = None,
        prefix: Sequence[str] = (),
        env: dict[str, str] | None = None,
        args: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.directory = directory
        self.log = directory / "log"
        self.cgroup = Cgroup(cgroup or name)
        self.prefix = list(prefix)
        self.env = dict(env or {})
        self.args = list(args)
        self.process: subprocess.Popen[bytes] | None = None

    def argv(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def target(self) -> dict[str, Any]:
        """Its entry under `targets` of the agent's configuration; a cgroup is kept over a restart, a pid is not."""
        return {"name": self.name, **({"cgroup": self.cgroup.name} if self.cgroup.ours else {"pid": self.pid})}

    def why(self) -> str:
        """What the server itself says of not being ready."""
        return ""

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} is not running"
        return self.process.pid

    @property
    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, wait: bool = True) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("PDEATHSIG follows the thread: start servers from the main thread")
        assert not self.running, f"{self.name} is already running"
        self.cgroup.make()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*LAUNCH, str(self.cgroup.path), *self.prefix, *self.argv(), *self.args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env={**os.environ, **self.env},
                start_new_session=True,  # a terminal's Ctrl-C must reach us, not them: we end them in order
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + self.start_timeout
        while not self.ready():
            if not self.running:
                raise StartError(f"{self.name} ended with {self.process and self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} not ready after {self.start_timeout:.0f} s: {self.why()}\n{self.tail()}")
            time.sleep(0.02)

    def stop(self, timeout: float = 20) -> int | None:
        """Asks it to end, insists after `timeout`; its exit status."""
        if self.process is None:
            return None
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int | None:
        if self.process is None:
            return None
        if self.running:
            self.process.kill()
        return self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        self.cgroup.remove()

    def tail(self, lines: int = 40) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
