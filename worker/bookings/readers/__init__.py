"""What each scheduler lists about bookings, read by its API.

May import: shared. Must not import: the rest of the worker.
"""
