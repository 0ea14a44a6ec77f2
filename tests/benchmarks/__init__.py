"""Benchmarks that anybody can run; none asserts a time."""
