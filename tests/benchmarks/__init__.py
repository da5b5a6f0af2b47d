"""Tests of benchmarks/: its arithmetic, and short runs."""
