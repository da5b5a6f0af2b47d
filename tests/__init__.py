"""The tests: unit tests in the same folders as the source, and system tests such as e2e/ and chaos/."""
