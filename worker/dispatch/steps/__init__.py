"""The steps of a lead, one for each status or kind of turn. They return outcomes; they do not commit or send.

May import: everything below `worker.dispatch`, and `shared`.
Must not import: the rest of `worker.dispatch`, Pyrogram, the OpenAI SDK.
"""
