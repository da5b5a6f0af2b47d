"""A Calendly on this machine: its API, signed webhooks with retries, and a booking page for visitors.

May import: FastAPI, httpx2, sandbox.http, sandbox.scheduler_api. Must not import: the product, other servers.
"""
