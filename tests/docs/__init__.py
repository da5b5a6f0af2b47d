"""Tests that what README and docs say can be done: commands, settings, files, links and URLs."""
