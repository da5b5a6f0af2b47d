"""How fast the product is, in ratios against baselines measured in the same run: `make bench`."""
