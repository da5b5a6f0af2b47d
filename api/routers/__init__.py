"""One thin router per resource: it validates a request, calls intake or queries, and builds the response.
It may import everything in `api` except `main` and `__main__`.
It must not import another router: code that two routers share belongs on a lower floor."""
