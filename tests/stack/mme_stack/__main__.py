"""python3 -m mme_stack demo|up: the stack without a test around it."""

import argparse
import os
import signal
import sys

from .demo import run, say, servers
from .stack import Stack, end_on_sigterm


def up() -> int:
    with Stack() as stack:
        traefik = servers(stack)
        for s in stack.servers:
            say(f"{s.name:8} pid {s.pid:<8} port {s.port:<6} cgroup {s.cgroup.name:32} log {s.log}")
        say(f"try: curl -X POST -H 'X-Tenant-ID: tenant-a' {traefik.url}/promote        Ctrl-C ends")
        signal.pause()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="mme_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="servers, agent, a bounded load and what the agent says")
    demo.add_argument("--seconds", type=float, default=60, help="how long the load lasts (60)")
    demo.add_argument("--rate", type=float, default=300, help="requests a second (300)")
    commands.add_parser("up", help="the servers alone, until Ctrl-C")
    args = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: cgroups and eBPF")
    end_on_sigterm()
    try:
        return up() if args.command == "up" else run(args.seconds, args.rate)
    except KeyboardInterrupt:
        say("ended by Ctrl-C; everything is cleaned up")
        return 0


if __name__ == "__main__":
    sys.exit(main())
