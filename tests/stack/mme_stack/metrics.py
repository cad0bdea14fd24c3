"""Prometheus text, read with Prometheus' own Python parser, and the questions tests ask of it."""

import math
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from .fetch import request

Key = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """The samples of one scrape, or, after `later - earlier`, of what was added between two."""

    def __init__(self, samples: dict[Key, float]) -> None:
        self.samples = samples

    @classmethod
    def parse(cls, text: str) -> "Metrics":
        samples: dict[Key, float] = {}
        for family in text_string_to_metric_families(text):
            for s in family.samples:
                key = (s.name, frozenset(s.labels.items()))
                assert key not in samples, f"series exposed twice: {s.name}{s.labels}"
                samples[key] = s.value
        return cls(samples)

    @classmethod
    def scrape(cls, url: str) -> "Metrics":
        status, body = request(url)
        assert status == 200, f"{url}: {status} {body[:200]!r}"
        return cls.parse(body.decode())

    def __sub__(self, earlier: "Metrics") -> "Metrics":
        return Metrics({k: v - earlier.samples.get(k, 0) for k, v in self.samples.items()})

    def names(self) -> set[str]:
        return {name for name, _ in self.samples}

    def select(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        wanted = set(labels.items())
        for (sample, has), value in self.samples.items():
            if sample == name and wanted <= has:
                yield dict(has), value

    def counter(self, name: str, **labels: str) -> float:
        """The sum over all series with these labels; 0 where there is none (yet)."""
        return sum(value for _, value in self.select(name, **labels))

    def value(self, name: str, **labels: str) -> float:
        """The value of exactly one series."""
        found = list(self.select(name, **labels))
        assert len(found) == 1, f"{name}{labels}: {len(found)} series: {found[:5]}"
        return found[0][1]

    def by(self, name: str, *keys: str, **labels: str) -> dict[tuple[str, ...], float]:
        """Sums by the values of `keys`; what is 0 is left out, so that two sources compare with ==."""
        sums: dict[tuple[str, ...], float] = defaultdict(float)
        for has, value in self.select(name, **labels):
            sums[tuple(has.get(k, "") for k in keys)] += value
        return {k: v for k, v in sums.items() if v}

    def buckets(self, name: str, **labels: str) -> dict[float, float]:
        """Cumulative counts by upper bound of the histogram `name` (without _bucket), summed over its series."""
        sums: dict[float, float] = defaultdict(float)
        for has, value in self.select(f"{name}_bucket", **labels):
            sums[float(has["le"])] += value
        return dict(sorted(sums.items()))

    def quantile(self, q: float, name: str, **labels: str) -> float:
        """As PromQL's histogram_quantile: linear within the bucket."""
        buckets = list(self.buckets(name, **labels).items())
        if not buckets or not buckets[-1][1]:
            return math.nan
        rank = q * buckets[-1][1]
        lower, below = 0.0, 0.0
        for upper, count in buckets:
            if count >= rank:
                if math.isinf(upper):
                    return lower
                return lower + (upper - lower) * (rank - below) / (count - below)
            lower, below = upper, count
        return lower


def counter(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.counter(name, **labels)
