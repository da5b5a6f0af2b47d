"""The overview, and the pause that is begun and ended on it.
It may import the rest of the console, the queries and shared/leads.
It must not import other pages."""
