"""Messages to the owner about leads and account trouble, and the owner's commands in Saved Messages.

May import: `worker.queue`, `worker.domain`, `shared`.
Must not import: other packages of its floor, Pyrogram, anything above.
"""
