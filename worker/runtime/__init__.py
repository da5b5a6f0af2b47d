"""The composition root of the worker: it builds all parts from the settings, runs them and stops them.

May import: all of `worker` except `worker.__main__`, and `shared`. Only here is the real clock used.
Must not import: Pyrogram and openai directly, `api`, `sandbox`.
"""
