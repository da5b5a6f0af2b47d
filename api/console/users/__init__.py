"""Users of the console: accounts, passwords, sessions, one-time links, the throttle of sign-ins.
It may import the settings and everything of shared.
It must not import the pages."""
