"""Figures with their targets, the table of a run, and its JSON.

May import: `harness`.
"""
