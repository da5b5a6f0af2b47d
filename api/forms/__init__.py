"""Pure functions: the bytes of a form or CSV file become fields, and the fields become a lead.
It may import `shared.contacts`.
It must not import FastAPI, a database or another package of `api`."""
