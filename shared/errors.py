"""Errors that both processes raise and their entry points turn into plain words."""


class LeadAssistantError(Exception):
    """Any error of ours; its text is meant for the operator."""


class ConfigError(LeadAssistantError):
    """A setting is missing or malformed; the text is one line that names it and the way out."""


class IllegalTransitionError(LeadAssistantError):
    """A status change that the table of transitions does not allow: a bug in the caller."""


class LostRaceError(LeadAssistantError):
    """The lead is no longer in the status (or lease) that the caller saw; nothing was written."""
