"""The measurements: one module for each part of a run, and the list of all parts.

May import all other packages of the benchmarks.
"""
