"""The google-benchmark part: a snapshot to text, by number of series."""

import json
import subprocess

from mme_stack.paths import REPO

from .result import Figure

BINARY = REPO / "build" / "release" / "tests" / "perf" / "scrape_bench"


def micro(quick: bool) -> list[Figure]:
    assert BINARY.exists(), f"{BINARY} is not built: run scripts/build"
    argv = [BINARY, "--benchmark_format=json", f"--benchmark_min_time={0.1 if quick else 0.5}"]
    out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    to_ms = {"ns": 1e-6, "us": 1e-3, "ms": 1.0}
    figures = []
    for b in json.loads(out)["benchmarks"]:
        if b.get("aggregate_name") == "BigO":
            figures.append(
                Figure(f"text/{b['name']}", b["cpu_coefficient"] * to_ms[b["time_unit"]], "ms", note=b["big_o"])
            )
        elif b.get("run_type") == "iteration":
            limit = 20 if b["name"].endswith("/2000") else None
            figures.append(Figure(f"text/{b['name']}", b["cpu_time"] * to_ms[b["time_unit"]], "ms", limit, "CPU"))
    return figures
