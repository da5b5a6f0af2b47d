"""Compares the running API with its own OpenAPI description, using Schemathesis."""
