"""How a sender wraps a form: nested objects, name/value pairs, tables, lists of people. Pure.

May import: `api.forms.fields`, `body`, `recognition`, `contacts` (to tell a person from a thing).
Must not import: FastAPI, the database.
"""
