"""Benchmarks: what the agent costs. See docs/performance.md."""
