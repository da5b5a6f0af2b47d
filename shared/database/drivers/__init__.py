"""Connections past SQLAlchemy's pool: psycopg and sqlite3 themselves, LISTEN and NOTIFY, SQLite's journal.

May import shared.database.engine, urls, timeouts, timeout_connection and faults.
Must not import the tables, or anything above shared.database.
"""
