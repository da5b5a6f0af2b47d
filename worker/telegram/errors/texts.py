"""The errors of Telegram that the worker knows by name, with a text for the operator. Data only."""

SIGN_IN = "sign the account in again: python -m worker login"
PREMIUM_ONLY = "only Telegram Premium accounts may write to them"
_BLOCKED_US = "they have blocked this account"
_UNKNOWN_PERSON = "Telegram no longer knows this person"
_CLOSED = "Telegram does not let this account write to them"
_NOT_ALLOWED = "their privacy settings do not let strangers write"
_DELETED = "their Telegram account is deleted"
_BOT = "this is a bot"

# This person cannot be written to.
PERSON_TEXTS = {
    "USER_PRIVACY_RESTRICTED": _NOT_ALLOWED,
    "USER_NOT_MUTUAL_CONTACT": _NOT_ALLOWED,
    "VOICE_MESSAGES_FORBIDDEN": _NOT_ALLOWED,
    "PRIVACY_PREMIUM_REQUIRED": PREMIUM_ONLY,
    "PREMIUM_ACCOUNT_REQUIRED": PREMIUM_ONLY,
    "USER_IS_BLOCKED": _BLOCKED_US,
    "USER_BLOCKED": _BLOCKED_US,
    "YOU_BLOCKED_USER": "this account has blocked them",
    "INPUT_USER_DEACTIVATED": _DELETED,
    "USER_DELETED": _DELETED,
    "PEER_ID_INVALID": _UNKNOWN_PERSON,
    "PEER_ID_NOT_SUPPORTED": _UNKNOWN_PERSON,
    "USER_ID_INVALID": _UNKNOWN_PERSON,
    "USER_INVALID": _UNKNOWN_PERSON,
    "CONTACT_ID_INVALID": _UNKNOWN_PERSON,
    "CHAT_WRITE_FORBIDDEN": _CLOSED,
    "CHAT_FORBIDDEN": _CLOSED,
    "CHAT_GUEST_SEND_FORBIDDEN": _CLOSED,
    "CHAT_ADMIN_REQUIRED": _CLOSED,
    "CHAT_SEND_PLAIN_FORBIDDEN": _CLOSED,
    "USER_PERMISSION_DENIED": _CLOSED,
    "USER_IS_BOT": _BOT,
    "USER_BOT": _BOT,
    "USER_BOT_TO_BOT_DISABLED": _BOT,
    "BALANCE_TOO_LOW": "this account has too few Telegram Stars to pay for a message to them",
}

# A look-up found no user.
NOT_FOUND_TEXTS = {
    "USERNAME_NOT_OCCUPIED": "nobody has this username",
    "USERNAME_INVALID": "this is no username that Telegram allows",
    "USERNAME_PURCHASE_AVAILABLE": "nobody has this username",
    "PHONE_NOT_OCCUPIED": "no Telegram account can be found by this phone",
    "PHONE_NUMBER_UNOCCUPIED": "no Telegram account can be found by this phone",
    "PHONE_NUMBER_INVALID": "Telegram says that this is no phone number",
    "PHONE_NUMBER_BANNED": "Telegram has banned this phone number",
    "CONTACT_MISSING": "no Telegram account can be found by this phone",
    "CONTACT_ADD_MISSING": "no Telegram account can be found by this phone",
    "CONTACT_NAME_EMPTY": "Telegram does not save a contact under this name",
}

_FROZEN = "Telegram has frozen this account: its owner may appeal to @SpamBot"
_RESTRICTED = "Telegram restricts this account: ask @SpamBot why"
_APP = "Telegram does not accept this app: check TELEGRAM_API_ID and TELEGRAM_API_HASH"

# The account is the cause, not the recipient of the message.
ACCOUNT_TEXTS = {
    "FROZEN_METHOD_INVALID": _FROZEN,
    "FROZEN_PARTICIPANT_MISSING": _FROZEN,
    "USER_RESTRICTED": _RESTRICTED,
    "CHAT_RESTRICTED": _RESTRICTED,
    "USER_BANNED_IN_CHANNEL": _RESTRICTED,
    "YOUR_PRIVACY_RESTRICTED": "this account's own privacy settings do not allow this",
    "API_ID_INVALID": _APP,
    "API_ID_PUBLISHED_FLOOD": _APP,
    "CONNECTION_API_ID_INVALID": _APP,
    "UPDATE_APP_TO_LOGIN": _APP,
}

_ENDED = f"Telegram has ended this session; {SIGN_IN}"
_DUPLICATED = f"this session was used in two places at once and Telegram has ended it; {SIGN_IN}"
_ACCOUNT_DELETED = "this Telegram account is deleted"
SESSION_TEXTS = {
    "SESSION_REVOKED": _ENDED,
    "SESSION_EXPIRED": _ENDED,
    "SESSION_PASSWORD_NEEDED": _ENDED,
    "AUTH_KEY_UNREGISTERED": _ENDED,
    "AUTH_KEY_INVALID": _ENDED,
    "AUTH_KEY_DUPLICATED": _DUPLICATED,
    "USER_DEACTIVATED": _ACCOUNT_DELETED,
    "USER_DEACTIVATED_BAN": "Telegram has banned this account; write to recover@telegram.org",
}
# The state of the account after an error; needs_login after others.
BANNED = frozenset({"USER_DEACTIVATED", "USER_DEACTIVATED_BAN"})
