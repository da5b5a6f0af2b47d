"""The running API against its own description, with Schemathesis."""
