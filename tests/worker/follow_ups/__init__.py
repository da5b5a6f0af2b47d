"""Tests of worker/follow_ups/: the planner and the enrolment."""
