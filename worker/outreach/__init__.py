"""Belongs here: new conversations: which leads to contact, when, from which account; finding their peers.
May import: worker.accounts, worker.messaging, worker.queue, worker.domain, and shared.
Must not import: worker.telegram, worker.assistant (use the ports in worker.domain), or worker.dispatch.
"""
