"""Outages under real processes: after each one no lead is lost and no message is sent twice."""
