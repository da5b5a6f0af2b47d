"""The operator's console: pages, sign-in and live updates, loaded when the first page is asked for.
It may import the dependencies' lower floors: intake, security, queries, schemas, settings, errors.
It must not import the routers, and it writes a lead's status only through shared/leads."""
