"""Bookings: what schedulers report, and what it means for the lead.

May import: the database, shared/leads. Must not import: a process. Only `schedulers` calls a scheduler.
"""
