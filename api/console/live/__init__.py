"""Live updates: notices changes in the database and tells the open pages.
It may import the settings and everything of shared.
It must not import the pages."""
