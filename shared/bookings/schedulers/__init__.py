"""Clients of schedulers' APIs, and the webhook subscriptions that are made with them.

May import: the database, shared/bookings. Must not import: a process.
"""
