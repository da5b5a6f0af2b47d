"""The schema's history, the same for PostgreSQL and SQLite.

May import shared and Alembic. Must not import api, worker or sandbox; shared reads only its file names.
"""
