"""What is missing or in the way: said with object, errno and mend; degraded where that is possible, else the end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lib.hooks import bpftool, links_on
from lib.raw import RawClient, get
from mme_stack import Route, Traefik
from mme_stack.cgroups import mount
from mme_stack.fetch import status_of, wait_until
from mme_stack.paths import AGENT
from mme_stack.ports import free_port

# A program that lets everything pass, attached without any flag: the kernel then admits no other one.
FOREIGN = """
import ctypes, os, struct, sys
syscall = ctypes.CDLL(None, use_errno=True).syscall
def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, 128)
    result = syscall(321, command, buffer, 128)
    assert result >= 0, os.strerror(ctypes.get_errno())
    return result
instructions = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, 1, 0x95, 0, 0, 0), 16)
license = ctypes.create_string_buffer(b"GPL")
load = struct.pack("<IIQQIIQII16sII", 8, 2, ctypes.addressof(instructions), ctypes.addressof(license),
                   0, 0, 0, 0, 0, b"foreign", 0, 0)
program = bpf(5, load)
cgroup = os.open(sys.argv[1], os.O_RDONLY)
bpf(8, struct.pack("<IIII", cgroup, program, 0, 0))
"""


class Foreign:
    """That program on a cgroup, until `detach`."""

    def __init__(self, cgroup: Path) -> None:
        self.cgroup = str(cgroup)
        subprocess.run([sys.executable, "-c", FOREIGN, self.cgroup], check=True)
        self.id = next(p["id"] for p in bpftool("cgroup", "show", self.cgroup) if p["name"] == "foreign")

    def detach(self) -> None:
        subprocess.run(["bpftool", "cgroup", "detach", self.cgroup, "ingress", "id", str(self.id)], check=True)


@pytest.fixture
def foreign(servers, upstream) -> tuple[Traefik, Foreign]:
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="kept-out")
    return traefik, Foreign(traefik.cgroup.path)  # goes with the cgroup


def run_to_the_end(*argv: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*prefix, str(AGENT), *argv], capture_output=True, text=True, timeout=240)


def without(*capabilities: str) -> list[str]:
    drop = ",".join(f"-{c}" for c in capabilities)
    return ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"]


def own_mounts(change: str) -> tuple[str, ...]:
    """A mount namespace of its own, after this shell command has changed it."""
    return ("unshare", "--mount", "sh", "-ec", f'{change}\nexec "$@"', "sh")


def degraded(servers, config, **kwargs):
    """An agent that is to stay up without being ready."""
    agent = servers.agent((), config, name="degraded", start=False, wait_path="/-/healthy", **kwargs)
    agent.start()
    return agent


def up(agent, server) -> float:
    states = agent.metrics().by("mme_agent_target_up", "name")
    return states.get((server.name,), 0)


def not_ready(agent, *words: str) -> str:
    """The reason that /-/ready gives with its 503."""

    def reason() -> str | None:
        status, body = agent.get("/-/ready")
        text = body.decode()
        return text if status == 503 and all(w in text for w in words) else None

    text = wait_until(reason)
    assert agent.get("/-/healthy")[0] == 200
    assert agent.get("/metrics")[0] == 200
    return text


# without CAP_PERFMON it is the verifier that refuses, with an errno that depends on the kernel
@pytest.mark.parametrize(("capability", "errno"), [("all", "EPERM"), ("bpf", "EPERM"), ("perfmon", "E[A-Z0-9]+")])
def test_missing_capability(capability, errno):
    missing = tuple(without("all") if capability == "all" else without(capability, "sys_admin"))
    name = "CAP_BPF" if capability == "all" else f"CAP_{capability.upper()}"
    done = run_to_the_end("run", "--web.listen-address", f"127.0.0.1:{free_port()}", prefix=missing)
    assert done.returncode == 1
    assert re.search(rf"load the BPF programs of \S+: {errno} \([^()]*needs {name}", done.stdout + done.stderr)

    done = run_to_the_end("doctor", "--json", prefix=missing)
    failed = [(c["check"], c["detail"]) for c in json.loads(done.stdout) if c["status"] == "fail"]
    assert done.returncode == 1
    for check in ("capabilities", "load"):
        assert any(check == c and name in detail for c, detail in failed), failed


def test_missing_net_admin(plain_traefik):
    """Programs load, or not: in any case the missing capability has its name in the message."""
    config = {"targets": {"traefik": [plain_traefik.target()], "mongod": []}}
    port = free_port()
    file = Path(plain_traefik.directory, "no-net-admin.yml")
    file.write_text(json.dumps(config))
    prefix = ["timeout", "240", *without("net_admin", "sys_admin")]
    argv = ["run", "--config.file", str(file), "--web.listen-address", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*prefix, str(AGENT), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until(lambda: process.poll() is not None or status_of(f"http://127.0.0.1:{port}/-/ready") == 503, 240)
    finally:
        process.terminate()
    said = process.communicate()[0]
    assert "EPERM" in said or "Operation not permitted" in said
    assert "CAP_NET_ADMIN" in said


def test_no_cgroup2():
    """Nothing can be attached anywhere: the end, with what to do."""
    prefix = own_mounts("umount --all --lazy --types cgroup2")
    done = run_to_the_end("run", "--web.listen-address", f"127.0.0.1:{free_port()}", prefix=prefix)
    assert done.returncode == 1
    for words in ("mount of cgroup v2 in /proc/self/mountinfo: ENOENT", "mount it: ", "mount -t cgroup2"):
        assert words in done.stdout + done.stderr
    done = run_to_the_end("doctor", "--json", prefix=prefix)
    assert done.returncode == 1
    check = next(c for c in json.loads(done.stdout) if c["check"] == "cgroup2")
    assert check["status"] == "fail"
    assert "mount -t cgroup2" in check["mend"]


def test_hidden_cgroup2(servers, plain_traefik):
    """Mounted, but something else is mounted over it: degraded."""
    config = {"targets": {"traefik": [{"name": "hidden", "pid": plain_traefik.pid}], "mongod": []}}
    agent = degraded(servers, config, prefix=own_mounts(f"mount -t tmpfs tmpfs {mount()}"))
    not_ready(agent, f"{mount()}{plain_traefik.cgroup.name}", "ENOENT", "mounted over")
    assert agent.metrics().by("mme_agent_target_up", "name") == {}


def test_lockdown(servers, plain_traefik):
    """As far as it can be feigned; tests/kernels locks real kernels down."""
    security = "/sys/kernel/security"
    text = "none integrity [confidentiality]"
    prefix = own_mounts(f"mount -t tmpfs tmpfs {security}\necho '{text}' >{security}/lockdown")
    check = next(
        c for c in json.loads(run_to_the_end("doctor", "--json", prefix=prefix).stdout) if c["check"] == "lockdown"
    )
    assert check["status"] == "ok"
    assert "confidentiality" in check["detail"]
    agent = servers.agent([plain_traefik], name="locked-down", prefix=prefix)
    assert agent.get("/-/ready")[0] == 200


def test_foreign_program_without_flags(servers, foreign):
    """Degraded while it is there, observing without a restart once it is gone."""
    traefik, program = foreign
    agent = degraded(servers, {"targets": {"traefik": [traefik.target()], "mongod": []}})
    reason = not_ready(agent, "EPERM", f"program {program.id} (foreign)")
    assert traefik.cgroup.name in reason  # the object
    assert "BPF_F_ALLOW_MULTI" in reason  # the mend
    assert up(agent, traefik) == 0
    hooks = agent.metrics().select("mme_agent_attached", cgroup=traefik.cgroup.name)
    assert [value for _, value in hooks] == [0] * 5
    errors = {a["error"] for a in agent.status()["attachments"] if not a["attached"]}
    assert len(errors) == 1
    assert "EPERM" in errors.pop()
    doctor = json.loads(agent.cli("doctor", "--json", check=False).stdout)
    assert any(f"{program.id}" in c["detail"] for c in doctor if "foreign" in c["detail"]), doctor
    assert subprocess.run(agent.status_argv(), capture_output=True, timeout=60).returncode == 3

    program.detach()
    wait_until(lambda: agent.get("/-/ready")[0] == 200)
    hooks = agent.metrics().select("mme_agent_attached", cgroup=traefik.cgroup.name)
    assert [value for _, value in hooks] == [1] * 5
    with RawClient(traefik.port) as client:
        client.send(get("/?status=201"))
        assert client.response()[0] == 201
    assert agent.metrics().counter("traefik_entrypoint_requests_total", code="201") == 1


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_to_the_end("run", "--web.listen-address", f"127.0.0.1:{port}")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"127.0.0.1:{port}" in said
    assert "EADDRINUSE" in said or "Address already in use" in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (None, "ENOENT"),
        ("web: [", "1:"),
        ("web: {liste: 1}\nlimits: {connections: many}\n", "2:"),
        ("targets: {traefik: [{pid: 0}]}", "targets.traefik[0].pid"),
    ],
    ids=["absent", "no YAML", "several", "range"],
)
def test_bad_configuration(tmp_path, text, place):
    file = tmp_path / "agent.yml"
    if text is not None:
        file.write_text(text)
    for arguments in (["--config.check"], []):
        done = run_to_the_end("run", "--config.file", str(file), *arguments)
        assert done.returncode == 2
        assert str(file) in done.stderr
        assert place in done.stderr


def test_unreadable_configuration(tmp_path):
    file = tmp_path / "agent.yml"
    file.write_text("{}")
    file.chmod(0)
    tmp_path.chmod(0o755)
    done = run_to_the_end("run", "--config.file", str(file), prefix=tuple(without("all")))
    assert done.returncode == 2
    assert "EACCES" in done.stderr or "Permission denied" in done.stderr


def test_no_target_at_all(servers):
    agent = degraded(servers, {"targets": {"traefik": [], "mongod": []}})
    assert "no traefik or mongod" in not_ready(agent)


def test_a_pid_that_is_not_there(servers):
    gone = subprocess.Popen(["true"])
    gone.wait()
    agent = degraded(servers, {"targets": {"traefik": [{"pid": gone.pid}], "mongod": []}})
    not_ready(agent, str(gone.pid))


def test_a_pid_that_is_no_server(servers, plain_traefik):
    """One target of two is wrong: the other is observed all the same."""
    config = {
        "targets": {"traefik": [plain_traefik.target(), {"cgroup": "/not/there", "name": "absent"}], "mongod": []}
    }
    agent = degraded(servers, config)
    not_ready(agent, "/not/there")
    agent.wait_observing("traefik")
    with RawClient(plain_traefik.port) as client:
        client.send(get("/?status=201"))
        assert client.response()[0] == 201
    assert agent.metrics().counter("traefik_entrypoint_requests_total", code="201") == 1


def test_reload(servers, plain_traefik):
    """A bad file changes nothing and says so; a good one afterwards counts again."""
    agent = servers.agent([plain_traefik], name="reloaded")
    good = agent.config_file.read_text()

    def reload(text: str, ok: int) -> None:
        agent.config_file.write_text(text)
        os.kill(agent.pid, signal.SIGHUP)
        wait_until(lambda: agent.metrics().value("mme_agent_config_last_reload_successful") == ok)

    assert agent.metrics().value("mme_agent_config_last_reload_successful") == 1
    reload("targets: {traefik: [{}]}\nnonsense: 1\n", 0)
    wait_until(lambda: "nonsense" in agent.tail())
    assert agent.get("/-/ready")[0] == 200
    with RawClient(plain_traefik.port) as client:
        client.send(get("/?status=201"))
        assert client.response()[0] == 201
    assert agent.metrics().counter("traefik_entrypoint_requests_total", code="201") == 1
    reload(good, 1)
    assert agent.metrics().counter("traefik_entrypoint_requests_total", code="201") == 1


def test_a_reload_that_renames_a_target_keeps_its_hooks(servers, plain_traefik):
    """Detached and attached again, packets in between would be lost."""
    agent = servers.agent([plain_traefik], name="renaming")
    links = links_on(plain_traefik.cgroup.path)
    assert len(links) == 5
    before = agent.metrics()
    with RawClient(plain_traefik.port) as client:
        for name in ("another", "a-third"):
            agent.write_config({"targets": {"traefik": [{**plain_traefik.target(), "name": name}], "mongod": []}})
            os.kill(agent.pid, signal.SIGHUP)
            wait_until(lambda n=name: agent.metrics().by("mme_agent_target_up", "name").get((n,)) == 1)
            client.send(get("/?status=201"))
            assert client.response()[0] == 201
    assert links_on(plain_traefik.cgroup.path) == links
    added = agent.metrics() - before
    assert added.counter("traefik_entrypoint_requests_total", code="201", entrypoint="web") == 2
    assert agent.get("/-/ready")[0] == 200


def test_a_target_that_vanishes_keeps_its_counts(servers, upstream, observe):
    traefik = servers.traefik([Route("PathPrefix(`/`)", [upstream.url])], name="vanishing")
    agent = observe(traefik)

    def count() -> float:
        with RawClient(traefik.port) as client:
            client.send(get("/?status=201"))
            assert client.response()[0] == 201
        return agent.metrics().counter("traefik_entrypoint_requests_total", code="201")

    assert count() == 1
    traefik.kill()
    wait_until(lambda: not up(agent, traefik))
    assert agent.metrics().counter("traefik_entrypoint_requests_total", code="201") == 1
    traefik.start()
    agent.wait_observing("traefik")
    assert count() == 2


def test_the_start_says_what_memory_it_takes(servers, plain_traefik):
    agent = servers.agent([plain_traefik], {"limits": {"connections": 1000}}, name="measured")
    maps, connections = (
        int(re.search(rf" {what}=(\d+)", agent.log.read_text())[1])
        for what in ("kernel_memory_bytes", "connection_memory_bytes")
    )
    assert maps == sum(v for _, v in agent.metrics().select("mme_agent_map_bytes"))
    assert 256 * 1000 <= connections <= 4096 * 1000  # with what is kept of messages to mongods


def test_status_and_doctor_are_json(servers, plain_traefik):
    agent = servers.agent([plain_traefik], name="asked")
    assert agent.status()["ready"] is True
    checks = json.loads(agent.cli("doctor", "--json", check=False).stdout)
    assert {"kernel", "cgroup2", "capabilities", "bpffs", "lockdown"} <= {c["check"] for c in checks}
    assert all(set(c) == {"check", "status", "detail", "mend"} for c in checks)
    assert all(c["mend"] for c in checks if c["status"] not in ("ok", "note"))


def test_status_of_nobody():
    address = f"127.0.0.1:{free_port()}"
    done = run_to_the_end("status", "--json", "--address", address)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"ask the agent at {address}: ECONNREFUSED (Connection refused; start it with" in done.stderr


def test_usage():
    assert run_to_the_end("no-such-command").returncode == 2
    assert run_to_the_end("run", "--no-such-option").returncode == 2
    version = run_to_the_end("--version")
    assert version.returncode == 0
    assert version.stdout.strip()
