"""Benchmarks: speed of the product, as ratios to baselines measured in the same run (`make bench`).

May import api, worker and shared; starts the sandbox as a process. Nothing in the product may import it.
"""
