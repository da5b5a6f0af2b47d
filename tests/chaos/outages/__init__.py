"""Outages, each waited out over real processes: nothing is lost, and nothing is said twice."""
