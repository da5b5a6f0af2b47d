"""A simulated month: the real dispatcher and client on a real database, with simulated clocks."""
