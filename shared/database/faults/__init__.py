"""Faults of a database: SQLSTATEs and SQLite codes classified once, and tracebacks without people's data.

May import the standard library, SQLAlchemy's errors and the drivers.
Must not import the engine, the tables or other packages of shared.database.
"""
