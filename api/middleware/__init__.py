"""Pure ASGI middleware: request ids, security headers, body limits and the fast path.
It may import Starlette, FastAPI and `shared.logging_setup`.
It must not import the queries, schemas, settings or errors, nor anything above them."""
