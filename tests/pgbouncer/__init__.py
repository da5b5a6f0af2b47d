"""The product behind a pooler of connections; asked for by `--pooler`, which needs `pgbouncer`."""
