"""What the machines of tests/kernels/run said, in numbers: capabilities, instruction budget, passed and failed.

summary.py [--update] BUDGET TAP...: exit status 0 when nothing failed.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

OVER = 1.10  # of the budget: verifiers of new stable releases walk a little differently

Results = dict[str, dict[str, Any]]  # kernel → what it said


def read(lines: list[str]) -> tuple[Results, int, int]:
    results: Results = {}
    passed = failed = 0
    for line in lines:
        if line.startswith("result "):
            kernel, key, value = json.loads(line.removeprefix("result "))
            said = results.setdefault(kernel, {})
            said[key] = {**said[key], **value} if isinstance(value, dict) and key in said else value
        passed += line.startswith("ok ")
        failed += line.startswith("not ok ")
    return results, passed, failed


def series(kernel: str) -> str:
    """6.12.117+deb13-amd64 → 6.12: a budget outlives updates of a kernel."""
    return ".".join(kernel.split(".")[:2])


def measured(results: Results) -> dict[str, dict[str, int]]:
    """Program → kernel → instructions, where the kernel tells."""
    found: dict[str, dict[str, int]] = {}
    for kernel, said in results.items():
        for program, instructions in said.get("instructions", {}).items():
            if instructions:
                found.setdefault(program, {})[series(kernel)] = instructions
    return found


def over_budget(found: dict[str, dict[str, int]], budget: dict[str, dict[str, int]]) -> list[str]:
    complaints = []
    for program, by_kernel in sorted(found.items()):
        for kernel, instructions in by_kernel.items():
            allowed = budget.get(program, {}).get(kernel)
            if allowed is None:
                complaints.append(f"{program} on {kernel}: {instructions} instructions, without a budget")
            elif instructions > allowed * OVER:
                complaints.append(
                    f"{program} on {kernel}: {instructions} instructions, over {allowed} by more than 10 %"
                )
    return complaints


def table(results: Results) -> None:
    print(f"\n{'kernel':28} {'seconds':>7}  smallest set of capabilities for BPF")
    for kernel, said in results.items():
        print(f"{kernel:28} {said.get('seconds', '?'):>7}  {said.get('capabilities', 'none that was tried')}")
    found = measured(results)
    kernels = sorted(
        {k for by_kernel in found.values() for k in by_kernel}, key=lambda k: [int(n) for n in k.split(".")]
    )
    print(f"\n{'instructions verified':28} " + " ".join(f"{k:>8}" for k in kernels))
    for program, by_kernel in sorted(found.items()):
        print(f"{program:28} " + " ".join(f"{by_kernel.get(k, '-'):>8}" for k in kernels))


def merged(budget: dict[str, dict[str, int]], found: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The new counts; those of kernels that did not run this time stay, those of programs that are gone do not."""
    return {p: dict(sorted({**budget.get(p, {}), **k}.items())) for p, k in sorted(found.items())}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    parser.add_argument("budget", type=Path)
    parser.add_argument("tap", type=Path, nargs="+")
    args = parser.parse_args()
    results, passed, failed = read([line for tap in args.tap for line in tap.read_text(errors="replace").splitlines()])
    table(results)
    found = measured(results)
    budget = json.loads(args.budget.read_text()) if args.budget.exists() else {}
    if args.update and found:
        budget = merged(budget, found)
        args.budget.write_text(json.dumps(budget, indent=2) + "\n")
    complaints = over_budget(found, budget)
    if found:  # 5.10 alone does not tell
        print(f"{'not ok' if complaints else 'ok'} - instruction counts are within tests/kernels/budget.json")
        failed += bool(complaints)
        passed += not complaints
    for c in complaints:
        print(f"# {c} (where that is meant: tests/kernels/run --update)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
