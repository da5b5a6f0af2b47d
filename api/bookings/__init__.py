"""Calls of schedulers: their signatures, and how a call is stored and processed.

May import: shared. Must not import: FastAPI, the other rooms of the api.
"""
