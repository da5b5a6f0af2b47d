"""Calls of the adapter that are more than one query with its answer.
It may import pyrogram, worker.domain, shared, and worker.telegram's session, updates and errors.
It must not import the adapter."""
