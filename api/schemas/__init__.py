"""The Pydantic models of requests and responses, and the examples in their documentation.
It may import `api.forms` and `shared`.
It must not import the queries, middleware, settings or errors, nor anything above them."""
