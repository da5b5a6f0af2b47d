"""Belongs here: signing an account in on a terminal, and checks of the app and the session for the doctor.
May import: worker.telegram, worker.domain, worker.settings, and shared.
Must not import: other worker packages, or any database code.
"""
