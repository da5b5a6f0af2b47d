"""Values that a person configures: hours, limits, follow-up steps, servers, and checks of them.

May import `worker.domain.local_time` and `shared`.
Must not import the rest of the worker, and does no I/O.
"""
