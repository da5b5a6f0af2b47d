"""Tests of the doctor with complete and broken setups."""
