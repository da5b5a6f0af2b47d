"""The texts of the pages, a file for each language.

May import: `shared.translations`. Must not import: other packages of the api.
"""
