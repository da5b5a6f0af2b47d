"""Access control: tokens, client addresses, the rate limiter and the throttle of wrong tokens.
It may import the settings, errors, middleware, schemas and everything below them.
It must not import the dependencies, the routers or the intake."""
