"""The console's inbox: the leads that need attention, all leads with filters, their rows and counts.
It may import the other queries, `api.forms` and `shared`.
It must not import the schemas, middleware, settings or errors, nor anything above them."""
