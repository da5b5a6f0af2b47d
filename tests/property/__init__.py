"""Checks the queue, the outbox and the inbox against a reference model, under random operations."""
