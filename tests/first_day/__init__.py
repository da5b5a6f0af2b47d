"""What a person reads when something goes wrong on the first day."""
