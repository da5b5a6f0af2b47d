"""Updates that the server sends unasked: messages and changed profiles.

May import `sandbox.fake_telegram.state` and `tl`.
Must not import the methods of `rpc`.
"""
