"""Follow-ups, reminders and requested times: messages that answer no words of the person.

May import: messaging, accounts, dialogue, settings, domain, shared. Must not import: dispatch, outreach.
"""
