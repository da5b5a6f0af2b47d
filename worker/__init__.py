"""The worker process: finds leads' contacts in Telegram, greets them, answers them and books calls.

May import: `shared`. One process works for one Telegram account.
Must not import: `api`, `sandbox`, `benchmarks`.
"""
