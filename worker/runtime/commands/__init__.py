"""Commands of the shell that need the wired worker: pause, resume, preview, qualify.

May import everything of the worker below `worker.runtime`, and `worker.runtime.wiring`.
Must not import `worker.__main__` or `worker.runtime.worker_process`.
"""
