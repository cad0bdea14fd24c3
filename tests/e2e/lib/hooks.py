"""What is attached where, as bpftool shows it."""

import json
import subprocess
from pathlib import Path
from typing import Any


def bpftool(*args: str) -> Any:
    done = subprocess.run(["bpftool", "-j", *args], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout.strip() or "[]")


def attached_to(cgroup: Path) -> dict[int, str]:
    """The agents' programs on this very cgroup: identity and name. Other programs are not our business."""
    programs = bpftool("cgroup", "show", str(cgroup))
    return {p["id"]: p["name"] for p in programs if p["name"].startswith("mme_")}


def links_on(cgroup: Path) -> set[int]:
    """Identities of the links that hold the agents' programs on this very cgroup."""
    programs, inode = attached_to(cgroup), cgroup.stat().st_ino
    links = bpftool("link", "show")
    return {k["id"] for k in links if k.get("cgroup_id") == inode and k.get("prog_id") in programs}


def loaded() -> set[int]:
    """Identities of all programs that the kernel holds, attached or not."""
    return {p["id"] for p in bpftool("prog", "show")}


def linked() -> set[int]:
    """Identities of the programs that any link holds."""
    return {link["prog_id"] for link in bpftool("link", "show") if "prog_id" in link}
