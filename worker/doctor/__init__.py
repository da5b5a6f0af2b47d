"""`python -m worker doctor`: checks of everything the worker needs, each with the way to fix it.

May import: `worker.telegram`, `worker.assistant` and lower floors, `shared`.
Must not import: `worker.dispatch`, `worker.evaluation`, `worker.runtime`.
"""
