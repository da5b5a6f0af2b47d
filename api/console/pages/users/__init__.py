"""Signing in and out, the language, and the list of signed-in browsers.
It may import the rest of the console and shared.
It must not import other pages."""
