"""Tests of what is decided about a lead in each status."""
