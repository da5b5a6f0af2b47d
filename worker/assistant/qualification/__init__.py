"""The qualification: twenty turns with which a model earns the freedom to act without evidence.

docs/develop/evaluation.md describes the score, the bar and what careful mode changes.
"""
