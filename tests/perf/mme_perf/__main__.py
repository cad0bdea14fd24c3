"""tests/perf/run [--quick] [--check] [--json FILE] [BENCHMARK...]"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from mme_stack.stack import end_on_sigterm

from .agent import agent_cost
from .cpu import machine
from .kernel import kernel_http, kernel_mongo
from .micro import micro
from .result import Figure, table
from .root import foreign_packets
from .scrape import scrape
from .server_status import server_status
from .traefik import against_traefik

BENCHMARKS = {
    "kernel-http": kernel_http,
    "kernel-mongo": kernel_mongo,
    "foreign": foreign_packets,
    "traefik": against_traefik,
    "agent": agent_cost,
    "scrape": scrape,
    "server-status": server_status,
    "text": micro,
}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/perf/run", description="Measures what the agent costs.")
    parser.add_argument("benchmark", nargs="*", choices=[[], *BENCHMARKS], help=f"of {', '.join(BENCHMARKS)}; all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--check", action="store_true", help="exit 1 where a figure is over its limit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure and round there")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    end_on_sigterm()
    figures: list[Figure] = []
    for name in chosen.benchmark or BENCHMARKS:
        print(f"== {name}", file=sys.stderr, flush=True)
        figures += BENCHMARKS[name](chosen.quick)
    print(table(figures))
    if chosen.json:
        found = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "figures": [asdict(f) for f in figures]}
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    unmet = [f.name for f in figures if f.met is False]
    if chosen.check:
        print(f"\nnot met: {', '.join(unmet)}" if unmet else "\nevery limit is met")
    return 1 if chosen.check and unmet else 0


if __name__ == "__main__":
    sys.exit(main())
