"""Which capabilities the agent gets, as a service manager would give them to a user of its own."""

from dataclasses import dataclass

# To find out which process owns a socket: /proc/PID/fd of other users' processes, and their files.
DISCOVERY = ("dac_read_search", "sys_ptrace")
# Before Linux 5.11 maps count against this.
MEMLOCK_BYTES = 64 << 20


@dataclass(frozen=True)
class Privileges:
    kernel: tuple[str, ...]  # for BPF

    @property
    def text(self) -> str:
        return " ".join(f"CAP_{c.upper()}" for c in self.kernel)

    @property
    def prefix(self) -> list[str]:
        """The command that drops everything else."""
        kept = ",".join(["-all", *(f"+{c}" for c in (*self.kernel, *DISCOVERY))])
        nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"]
        caps = [f"--bounding-set={kept}", f"--inh-caps={kept}", f"--ambient-caps={kept}"]
        return ["prlimit", f"--memlock={MEMLOCK_BYTES}", "setpriv", *nobody, *caps]


# The smallest first.
SETS = (Privileges(("bpf", "net_admin")), Privileges(("bpf", "net_admin", "perfmon")))
