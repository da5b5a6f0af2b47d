"""Tests of migrations/: the schema that the migrations create, on both databases."""
