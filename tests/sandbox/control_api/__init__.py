"""Tests of the control API and of the sandbox as a process."""
