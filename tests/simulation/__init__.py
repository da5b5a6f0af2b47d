"""A simulated month: the worker's own engine on real wires and a real database, with both clocks moved."""
