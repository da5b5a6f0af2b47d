"""The roles of the console's users; each may also do what the roles before it may. Pure."""

ROLES = ("viewer", "operator", "owner")
