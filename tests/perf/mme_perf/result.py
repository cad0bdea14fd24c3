"""What a benchmark found, and how it is shown."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


@dataclass
class Figure:
    """`limit`: of the issue, at most so much; None where it is only for orientation."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""
    details: dict[str, float] = field(default_factory=dict)
    rounds: list[float] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        return None if self.limit is None else self.value <= self.limit

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "NOT MET"}[self.met]


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    rows = [("what", "figure", "best", "limit", "", "note")]
    for f in figures:
        limit = "" if f.limit is None else f"<= {number(f.limit)} {f.unit}"
        best = f"{number(min(f.rounds))} {f.unit}" if f.rounds else ""
        rows.append((f.name, f"{number(f.value)} {f.unit}", best, limit, f.verdict, f.note))
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows)
