"""The wire: framing, key exchange, encryption, and one link per connection."""
