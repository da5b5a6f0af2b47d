"""The lead's own booking link, and the bookings that the worker asks schedulers for.

May import: domain, settings, shared. Must not import: dispatch, outreach, telegram, assistant.
"""
