"""Words and signs that several checks of texts look for: links, months, trades. Pure.

May import: the standard library. Must not import: anything of ours.
"""
