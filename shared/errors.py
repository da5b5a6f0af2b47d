"""Errors that both processes raise; their entry points print the text for the operator."""


class LeadAssistantError(Exception):
    """The base of the product's own errors; the text is meant for the operator."""


class ConfigError(LeadAssistantError):
    """A setting is missing or malformed; the text is one line that names it and how to correct it."""


class IllegalTransitionError(LeadAssistantError):
    """A status change that shared/statuses.py does not allow: a bug in the caller."""


class LostRaceError(LeadAssistantError):
    """The lead no longer has the status (or the lease) that the caller saw; nothing was written."""
