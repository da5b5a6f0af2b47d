"""The worker's health and figures: the heartbeat file, the HTTP probes, `python -m worker status`.

May import: `worker.queue`, `worker.domain`, `shared`.
Must not import: other packages of its floor, Pyrogram, anything above.
"""
