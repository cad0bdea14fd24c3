"""The operators' rules for two jobs of one Prometheus: Traefik's own metrics and the agent's."""

import math
import re
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "data"
ORACLE, AGENT = "oracle", "traefik"
WINDOW = 10  # seconds, where the operators' rules have 5 minutes


def restricted(expression: str, job: str) -> str:
    return re.sub(r"\b(traefik_\w+)\{", rf'\1{{job="{job}", ', expression)


def rules(job: str, provider: str = "docker") -> list[dict[str, Any]]:
    """The operators' rules for one job, by the label `source`, with short times."""
    text = (DATA / "promote_rules.yml").read_text()
    for operators, ours in (("[5m]", f"[{WINDOW}s]"), ("for: 5m", "for: 3s"), ("@docker", f"@{provider}")):
        assert operators in text
        text = text.replace(operators, ours)
    copies = []
    for rule in yaml.safe_load(restricted(text, job)):
        if "alert" in rule:
            rule["expr"] = re.sub(r"\b(mme_\w+)", rf'\1{{source="{job}"}}', rule["expr"])
        copies.append({**rule, "labels": {**rule.get("labels", {}), "source": job}})
    return copies


# The two jobs are scraped at different moments of each second and the rules evaluated at a third, so either may be one
# scrape ahead: what the agent has at a second is compared with what Traefik has within one second of it, or within what
# Prometheus.lags() says where that was late itself.


def near(values: list[float | None], n: int, seconds: int) -> list[float | None]:
    return values[max(0, n - seconds) : n + seconds + 1]


def is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)
