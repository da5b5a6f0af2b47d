"""Faults of the machine itself, made for one process: a clock that is set, a full disk of the session.

They take long: only `make chaos` runs them.
"""
