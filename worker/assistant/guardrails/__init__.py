"""Pure checks of what contacts write and of what the model returns; they work without the model.

May import: `worker.domain`, `shared`.
Must not import: the OpenAI SDK, other modules of `worker.assistant`, any I/O.
"""
