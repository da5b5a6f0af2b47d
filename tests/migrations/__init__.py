"""The schema as the migrations make it, on both databases."""
