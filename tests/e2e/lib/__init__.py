"""What several end-to-end tests share; imported as `lib` (pyproject.toml puts tests/e2e on the path)."""
