"""Tests of the control API and of the whole sandbox."""
