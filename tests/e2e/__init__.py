"""End-to-end tests: real processes of the api, the worker and the sandbox, over HTTP, SQL and MTProto."""
