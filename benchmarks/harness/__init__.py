"""Starts what is measured: PostgreSQL, the product's processes, the sandbox; records statements and plans.

Must not import any other package of the benchmarks.
"""
