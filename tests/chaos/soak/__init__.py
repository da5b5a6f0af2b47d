"""The soak: a steady flow of leads and replies while the worker is killed at any moment."""
