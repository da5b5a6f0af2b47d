"""How long the database is waited for: to connect, for an answer, for a lock."""

# To open one connection; with several servers in DATABASE_URL, to each of them.
CONNECT_SECONDS = 5
# To open a connection, however many servers and addresses there are to try.
CONNECT_TOTAL_SECONDS = 8
# After this time the server itself cancels a statement and releases its locks.
STATEMENT_SECONDS = 15
# After this time without an answer the connection is closed: a server that hangs cancels nothing itself.
ANSWER_SECONDS = 20
# After this time the server ends a transaction in which nothing happens: its owner has vanished.
IDLE_IN_TRANSACTION_SECONDS = 60
# How long a form waits for each of its two steps, the rate limit and the storing: together under 10 s.
FORM_SECONDS = 4.5
# How long a check of readiness may take.
READY_SECONDS = 4
# How long a writer on SQLite waits for another one; there is one at a time.
SQLITE_BUSY_SECONDS = 30

# For libpq, which sends none of it to the server: a vanished machine is noticed after about ten seconds.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
