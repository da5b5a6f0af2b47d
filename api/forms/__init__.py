"""Pure functions: the body of a webhook call becomes people, and each person's fields become a lead.
Its packages: `body` (bytes to values), `recognition` (what a field may hold).
It may import `shared.contacts`.
It must not import FastAPI, a database or another package of `api`."""
