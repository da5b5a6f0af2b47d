"""A Calendly on this machine: its API, signed webhooks with retries, and a booking page for visitors.

May import: FastAPI, httpx2, sandbox.http. Must not import: the product, the other servers of the sandbox.
"""
