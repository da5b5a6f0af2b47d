"""Tests of shared/bookings/: readers of schedulers, and what a booking means for its lead."""
