"""The demo: the api, the worker and the sandbox on this machine, and their story told as it happens."""
