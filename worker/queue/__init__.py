"""The job queue on the `leads` table: leases, wake-ups, and the backlog.

May import: `shared`.
Must not import: any other worker package.
"""
