"""Where the repository, its build and the obtained servers are."""

import functools
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
AGENT = REPO / "build" / "release" / "mme-agent"


@functools.cache
def get(what: str) -> Path:
    """Asks tests/stack/get, the one place that knows versions and cache; it builds what is missing."""
    done = subprocess.run([REPO / "tests/stack/get", what], stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.strip())
