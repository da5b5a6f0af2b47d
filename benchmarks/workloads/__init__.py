"""What the systems are given to do: HTTP load, crowds of leads, years of history, everyday queries.

May import: `harness`.
"""
