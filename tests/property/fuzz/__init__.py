"""Whatever is posted to the webhook: no 5xx, and every body recorded exactly once."""
