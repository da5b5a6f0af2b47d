"""Pure: the bytes of a form, a webhook call or a CSV file become text and values.
It may import nothing of `api` but itself.
It must not know what a field means."""
