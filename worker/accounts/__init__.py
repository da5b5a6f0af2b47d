"""Belongs here: this product's Telegram accounts: lease, session lock, state, limits, and flood waits.
May import: worker.queue, worker.domain, and shared.
Must not import: other worker packages (it stands level with messaging, notifications, monitoring, dialogue).
"""
