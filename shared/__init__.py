"""What the API and the worker must agree on: statuses, tables, contacts, settings, logging.

May import third-party libraries. Must not import api, worker, sandbox or benchmarks.
"""
