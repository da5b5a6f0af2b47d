"""Pure: reads a session string, a signed-in session as one line of text for machines without a disk."""

import base64
import struct

from shared.errors import ConfigError

# Formats of Kurigram and of older versions of Pyrogram, by the length of the string.
_FORMATS = {362: ">BI?256sQ?", 356: ">B?256sQ?", 351: ">B?256sI?"}


def parse_user_id(text: str) -> int:
    """Return the id of the signed-in user; raises ConfigError that names TELEGRAM_SESSION_STRING."""
    try:
        packed = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
        fields = struct.unpack(_FORMATS[len(text.strip())], packed)
    except (ValueError, KeyError, struct.error):
        raise ConfigError(
            "TELEGRAM_SESSION_STRING: is not a session string; make one: python -m worker login --string"
        ) from None
    return int(fields[-2])
