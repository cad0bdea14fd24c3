"""Results as lines of the Test Anything Protocol, which tests/kernels/run counts."""

import json
import os
from typing import Any

KERNEL = os.uname().release


class Tap:
    def __init__(self) -> None:
        self.failed = 0

    def check(self, passed: bool, what: str, *details: object) -> bool:
        print(f"{'ok' if passed else 'not ok'} - {KERNEL}: {what}", flush=True)
        if not passed:
            self.failed += 1
            for d in details:
                self.note(d)
        return passed

    def equal(self, got: Any, wanted: Any, what: str) -> bool:
        return self.check(got == wanted, what, f"wanted {wanted}", f"got    {got}")

    def note(self, text: object) -> None:
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def result(self, key: str, value: Any) -> None:
        """A figure for the table or the budget, on a line of its own."""
        print(f"result {json.dumps([KERNEL, key, value])}", flush=True)
