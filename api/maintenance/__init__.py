"""Work outside the requests: startup checks, and the periodic jobs for reprocessing and retention.
It may import the intake, security, settings, errors and everything below them.
It must not import the routers, the dependencies or the documentation pages."""
