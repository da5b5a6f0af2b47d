"""Tests of the steps: the outcome that each returns for its status."""
