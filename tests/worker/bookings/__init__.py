"""Tests of worker/bookings/: the own link of a lead, and polling."""
