"""The demo: starts the API, the worker and the sandbox on this machine and prints what happens.
It starts the product as processes and reads its HTTP API.
It must not import the product (`api`, `worker`, `shared`) or the rest of the sandbox."""
