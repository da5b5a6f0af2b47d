"""A load test: a steady flow of submissions to a real api process, while its PostgreSQL is restarted."""
