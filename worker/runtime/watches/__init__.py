"""Background watches of the running worker: clock, files, model, and moments written by a wrong clock.

May import everything of the worker below `worker.runtime`, and `worker.runtime.wiring`.
Must not import `worker.runtime.worker_process`.
"""
