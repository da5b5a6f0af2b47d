"""Words and grammar that the rules know: languages, stems, phrases, dates, marks of messages.

May import the standard library and shared libraries of the sandbox.
Must not import the rules themselves.
"""
