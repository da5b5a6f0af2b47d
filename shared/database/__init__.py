"""The database: tables, column types, engines and transactions, bulk statements, schema version.

May import shared.statuses, contacts, errors, clock and group_commit, and the file names of migrations.
Must not import shared.leads, shared.settings, shared.logging_setup, api or worker.
"""
