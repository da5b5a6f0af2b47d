"""A Cal.com on this machine: its API v2 and signed webhooks.

May import: FastAPI, httpx2, sandbox.scheduler_api. Must not import: the product, other servers.
"""
