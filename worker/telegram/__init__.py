"""Belongs here: the adapter of the Telegram port (one signed-in user account); only this imports pyrogram.
May import: worker.domain, worker.settings, and shared.
Must not import: worker.dispatch, worker.outreach, worker.assistant, or any database code.
"""
