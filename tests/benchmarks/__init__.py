"""The benches' own arithmetic, and that they run."""
