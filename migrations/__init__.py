"""The schema's history, the same for PostgreSQL and SQLite."""
