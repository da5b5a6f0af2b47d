"""Tests of api/bookings/: signatures, and the calls of schedulers."""
