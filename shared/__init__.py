"""What the api and the worker must agree on: statuses, tables, contacts, settings."""
