"""What a busy machine takes from a process, for tests of how soon something happens."""

from contextlib import suppress
from pathlib import Path


def waited_for_a_cpu(*pids: int) -> float:
    """Seconds that the threads of these processes were ready to run and did not, and that no CPU was there at all.

    Of a deadline that is a promise of the agent's, what this grows by is not the agent's."""
    waited_ns = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # the thread has just ended
                waited_ns += int(task.read_text().split()[1])  # Documentation/scheduler/sched-stats.rst
    stolen_ticks = int(Path("/proc/stat").read_text().split(maxsplit=9)[8])
    return waited_ns / 1e9 + stolen_ticks / 100
