"""The demonstration as scripts/demo runs it, but short."""

import os
import re
import signal
import subprocess
import sys

import pytest

from mme_stack import cgroups
from mme_stack.paths import AGENT, REPO

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason="the agent is not built")


def demo(*args: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPO / "tests/stack")}
    argv = [sys.executable, "-m", "mme_stack", "demo", *args]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)


def left_by(pid: int) -> bool:
    return (cgroups.mount() / cgroups.PARENT / str(pid)).exists()


def test_counts_are_equal_and_nothing_is_left():
    process = demo("--seconds", "5", "--rate", "100")
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    assert "The counts are equal." in out
    seen, parsed, skipped = map(int, re.search(r"(\d+) = (\d+) parsed \+ (\d+) skipped", out).groups())
    assert seen == parsed + skipped > 0
    assert "\033" not in out
    assert out.count("$ mme-agent status") >= 2  # four, but where each takes longer than a quarter of the time
    assert not left_by(process.pid)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_interrupted_it_cleans_up(number, status):
    process = demo("--seconds", "60", "--rate", "50")
    for line in process.stdout:
        if line.startswith(">> load:"):
            break
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == status
    assert not left_by(process.pid)
