"""Intake: a submission becomes a lead exactly once, and its delivery is stored in the same transaction.
It may import the schemas, middleware, settings, errors, `api.forms` and `shared`.
It must not import the security package, the routers, the console or the maintenance."""
