"""The agent's figures beside Traefik's own, over one stretch of time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from mme_stack import Agent, Metrics, Traefik
from mme_stack.fetch import wait_until

LEG = "traefik_entrypoint"
LABELS = ("code", "method", "protocol")
Table = dict[tuple[str, ...], float]


def assert_accounting(metrics: Metrics) -> None:
    """Every byte that was seen was parsed or has a reason why not."""
    for protocol in ("http", "mongo"):
        seen = metrics.value("mme_agent_bytes_seen_total", protocol=protocol)
        parsed = metrics.value("mme_agent_bytes_parsed_total", protocol=protocol)
        skipped = metrics.counter("mme_agent_bytes_skipped_total", protocol=protocol)
        assert seen == parsed + skipped, f"{protocol}: saw {seen}, parsed {parsed}, skipped {skipped}"


def assert_settled_accounting(agent: Agent) -> None:
    """As above, at some moment: bytes wait for those in front of them, and may be read while they are parsed."""

    def settled() -> bool:
        with suppress(AssertionError):
            assert_accounting(agent.metrics())
            return True
        return False

    try:
        wait_until(settled, 10)
    except AssertionError:
        assert_accounting(agent.metrics())


def skipped_bytes(metrics: Metrics) -> dict[str, float]:
    return {k: v for (k,), v in metrics.by("mme_agent_bytes_skipped_total", "reason", protocol="http").items()}


def skipped_messages(metrics: Metrics) -> dict[str, float]:
    return {k: v for (k,), v in metrics.by("mme_agent_messages_skipped_total", "reason", protocol="http").items()}


@dataclass
class Measured:
    """What was added; `agent` and `traefik` only after the `with` block."""

    entrypoint: str
    agent: Metrics = field(default_factory=lambda: Metrics({}))
    traefik: Metrics = field(default_factory=lambda: Metrics({}))

    def counted(self, what: str = "requests_total") -> Table:
        return self.agent.by(f"{LEG}_{what}", *LABELS, entrypoint=self.entrypoint)

    def expected(self, what: str = "requests_total") -> Table:
        return self.traefik.by(f"{LEG}_{what}", *LABELS, entrypoint=self.entrypoint)

    def upstream(self, what: str = "requests_total") -> Table:
        return self.agent.by(f"mme_upstream_{what}", *LABELS)

    @property
    def total(self) -> float:
        return sum(self.counted().values())

    def assert_equal(self, requests: int | None = None, *, bodies: bool = True) -> None:
        """Equal to Traefik's; `requests`: how many both must have, by what the client says."""
        families = ["requests_total", *(["requests_bytes_total", "responses_bytes_total"] if bodies else [])]
        for what in families:
            counted, expected = self.counted(what), self.expected(what)
            assert counted == expected, f"{what}: {counted}, Traefik: {expected}; {self.losses()}"
        assert requests is None or self.total == requests, f"{self.total} of {requests}; {self.losses()}"

    def losses(self) -> str:
        return f"skipped messages {skipped_messages(self.agent)}, bytes {skipped_bytes(self.agent)}"


def agree_but_for_request_bodies(m: Measured) -> bool:
    answers = ("requests_total", "responses_bytes_total")
    return m.total > 0 and all(m.counted(what) == m.expected(what) for what in answers)


@contextmanager
def measured(
    agent: Agent,
    traefik: Traefik,
    entrypoint: str = "web",
    settle: float = 10,
    until: Callable[[Measured], bool] | None = None,
) -> Iterator[Measured]:
    """Traefik counts a request a moment after its last byte: waits up to `settle` s until both agree, and reports
    what there is then. `until`: waits for that instead, where they are not to agree."""
    before, oracle = agent.metrics(), traefik.metrics()
    result = Measured(entrypoint)
    yield result

    def agree() -> bool:
        now = agent.metrics()
        result.agent, result.traefik = now - before, traefik.metrics() - oracle
        with suppress(AssertionError):
            assert_accounting(now)
            if until is not None:
                return until(result)
            result.assert_equal()
            return True
        return False

    with suppress(AssertionError):
        wait_until(agree, settle)
    assert_settled_accounting(agent)
