"""Telegram's methods, a module for each group of them.
They may import `sandbox.fake_telegram.state`, `tl`, `mtproto`, the settings and the faults.
They must not import the server or the control API."""
