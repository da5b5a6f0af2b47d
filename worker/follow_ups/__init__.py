"""Follow-ups, reminders and requested times: what is written without an answer to somebody's words.

May import: messaging, accounts, dialogue, settings, domain, shared. Must not import: dispatch, outreach.
"""
