"""Faults of the environment: a database that is read-only, full, damaged, locked, or hangs."""
