"""The doctor before setups that are broken in every way."""
