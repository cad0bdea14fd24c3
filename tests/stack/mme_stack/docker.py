"""A Docker Engine of the tests' own: its data, socket and bridge apart from one that the host may have."""

import io
import ipaddress
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .cgroups import member_of, mount
from .server import Server


class Container:
    """A container on the engine's bridge, reachable from the host at `ip`."""

    def __init__(self, engine: "Dockerd", identity: str, name: str, kind: str) -> None:
        self.engine = engine
        self.id = identity
        self.name = name
        self.kind = kind  # the program: traefik, mongod, ...

    def inspect(self) -> dict[str, Any]:
        return json.loads(self.engine.docker("inspect", self.id))[0]

    @property
    def running(self) -> bool:
        return self.inspect()["State"]["Running"]

    @property
    def cgroup(self) -> str:
        """The path below the cgroup v2 mount, the same after a restart though the cgroup is a new one."""
        return member_of(self.pid)

    def target(self) -> dict[str, Any]:
        return {"name": self.name, "cgroup": self.cgroup}

    @property
    def pid(self) -> int:
        """Changes with a restart."""
        return self.inspect()["State"]["Pid"]

    @property
    def ip(self) -> str:
        state = self.inspect()
        assert state["State"]["Running"], f"{state['Name']} ended: {self.logs()}"
        return state["NetworkSettings"]["IPAddress"]

    def restart(self) -> None:
        self.engine.docker("restart", "-t", "5", self.id)

    def stop(self) -> None:
        self.engine.docker("stop", "-t", "5", self.id)

    def remove(self) -> None:
        self.engine.docker("rm", "-f", self.id)

    def logs(self) -> str:
        done = subprocess.run(self.engine.cli("logs", self.id), stdout=-1, stderr=subprocess.STDOUT, text=True)
        return done.stdout


class Dockerd(Server):
    """Debian's docker.io without iptables, so that it changes nothing of the host's firewall."""

    def __init__(self, directory: Path, *, name: str = "dockerd", **kwargs: Any) -> None:
        super().__init__(name, directory, **kwargs)
        self.socket = directory / "docker.sock"
        self.bridge = f"mme{os.getpid()}"[:15]
        self.images: set[str] = set()
        self.host_has_docker = (mount() / "docker").exists()

    def argv(self) -> list[str]:
        d = self.directory
        argv = ["dockerd", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--storage-driver=vfs"]
        argv += [f"--host=unix://{self.socket}", f"--data-root={d}/data", f"--exec-root={d}/exec"]
        return [*argv, f"--pidfile={d}/pid", f"--bridge={self.bridge}", f"--config-file={d}/none.json"]

    def start(self, wait: bool = True) -> None:
        (self.directory / "none.json").write_text("{}")  # not the host's /etc/docker/daemon.json
        sweep_bridges()
        if not Path("/sys/class/net", self.bridge).exists():
            ip("link", "add", self.bridge, "type", "bridge")
            ip("address", "add", free_network(), "dev", self.bridge)
            ip("link", "set", self.bridge, "up")
        super().start(wait)

    def ready(self) -> bool:
        return self.socket.exists() and subprocess.run(self.cli("version"), capture_output=True).returncode == 0

    def close(self) -> None:
        try:
            if self.running and (left := self.docker("ps", "-aq").split()):
                self.docker("rm", "-f", *left)
        finally:
            super().close()
            if Path("/sys/class/net", self.bridge).exists():
                ip("link", "delete", self.bridge)
            for point in self.mounts():
                subprocess.run(["umount", "-l", point], check=False)
            if not self.host_has_docker:
                remove_docker_cgroups()

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Containers that were made meanwhile go at its end."""
        before = set(self.docker("ps", "-aq").split())
        try:
            yield
        finally:
            if made := set(self.docker("ps", "-aq").split()) - before:
                self.docker("rm", "-f", *made)

    def mounts(self) -> list[str]:
        """What the engine left mounted below its directory, innermost first."""
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        return sorted((p for p in points if p.startswith(f"{self.directory}/")), reverse=True)

    def cli(self, *args: str) -> list[str]:
        return ["docker", "--config", str(self.directory / "cli"), "--host", f"unix://{self.socket}", *args]

    def docker(self, *args: str) -> str:
        done = subprocess.run(self.cli(*args), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"docker {' '.join(args)}: {done.stderr}"
        return done.stdout

    def image(self, name: str, binary: Path) -> str:
        """An image of one program with the libraries it needs, at /NAME; made once."""
        if name not in self.images:
            argv = self.cli("import", "-", name)
            subprocess.run(argv, input=root_tree(name, binary), check=True, stdout=subprocess.DEVNULL)
            self.images.add(name)
        return name

    def run(
        self,
        binary: Path,
        args: Sequence[str] = (),
        *,
        name: str,
        labels: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> Container:
        """A container of the binary's own file name; `options` go to docker run (-v, --cgroup-parent, ...)."""
        image = self.image(binary.name.split("-")[0], binary)
        flags = [f"--label={k}={v}" for k, v in (labels or {}).items()]
        identity = self.docker("run", "-d", f"--name={name}", *flags, *options, image, f"/{image}", *args)
        return Container(self, identity.strip(), name, image)


def root_tree(name: str, binary: Path) -> bytes:
    out = io.BytesIO()
    linked = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False).stdout
    libraries = re.findall(r"(/\S+) \(0x", linked)
    with tarfile.open(fileobj=out, mode="w") as tar:
        for directory in ("tmp", "data"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for source, target in [(str(binary), name), *((path, path) for path in libraries)]:
            with Path(source).open("rb") as f:
                entry = tar.gettarinfo(arcname=target, fileobj=f)
                entry.mode = 0o755
                tar.addfile(entry, f)
    return out.getvalue()


def ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True)


def free_network() -> str:
    """The bridge's address in a network that no route of this host leads to."""
    routes = subprocess.run(["ip", "-j", "route"], capture_output=True, text=True, check=True).stdout
    taken = [ipaddress.ip_network(r["dst"]) for r in json.loads(routes) if r["dst"] != "default"]
    for network in ipaddress.ip_network("10.213.0.0/16").subnets(new_prefix=24):
        if not any(network.overlaps(t) for t in taken):
            return f"{network[1]}/24"
    raise RuntimeError("no free network for the bridge")


def sweep_bridges() -> None:
    """Removes those of sessions that were killed with SIGKILL."""
    for bridge in Path("/sys/class/net").glob("mme[0-9]*"):
        if not Path("/proc", bridge.name.removeprefix("mme")).exists():
            ip("link", "delete", bridge.name)


def remove_docker_cgroups() -> None:
    """Docker leaves an empty parent in every hierarchy."""
    for parent in [*Path("/sys/fs/cgroup").glob("*/docker"), mount() / "docker"]:
        with suppress(OSError):
            parent.rmdir()
