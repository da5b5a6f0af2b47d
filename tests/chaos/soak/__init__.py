"""The soak test: a steady flow of leads and replies while the worker is killed at random moments."""
