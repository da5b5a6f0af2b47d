"""The outside world on a loopback: what the worker talks to in the demo and in the tests."""
