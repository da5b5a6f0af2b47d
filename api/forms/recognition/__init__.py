"""Pure: what a field may contain, by the words of its name, and which contacts are in its value.
It may import `shared.contacts`.
It must not know the other fields of a form."""
