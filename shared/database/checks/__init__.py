"""Whether the database can be worked with: a write that is rolled back, and its clock.

May import the rest of shared.database.
Must not import anything above it.
"""
