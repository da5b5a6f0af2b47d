"""Calls of schedulers: their signatures, and how a call is stored and processed.

May import: shared. Must not import: FastAPI, the other packages of the api.
"""
