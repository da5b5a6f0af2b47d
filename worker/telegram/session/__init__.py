"""One signed-in session: opens, watches and closes the connection, and makes the calls.
It may import pyrogram, worker.domain, worker.settings, shared, and the errors, transport and updates of
worker.telegram.
It must not know what a call is for."""
