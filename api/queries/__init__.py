"""Read queries of the lists and of a person's data, with their filters and cursors.
It may import `api.forms` and `shared`.
It must not import the schemas, middleware, settings or errors, nor anything above them."""
