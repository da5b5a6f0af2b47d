"""What the product is compared with: a plain SQLModel app, and pgbench.

May import: `workloads`, `harness`.
"""
