"""How well a model does on our own replies: the golden set, the attacks, and the figures they come to."""
