"""Benchmarks: every figure in docs/benchmarks.md comes from `make bench`, as ratios within one run."""
