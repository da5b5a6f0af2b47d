"""Which name and which contact of a form are the person's, and how sure that is. Pure.

May import: `api.forms.fields`, `api.forms.form_context`, `api.forms.recognition`, `shared`.
Must not import: FastAPI, the database, `api.forms.envelopes`.
"""
