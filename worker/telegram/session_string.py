"""Pure: a signed-in session as a line of text, for machines without a disk of their own."""

import base64
import struct

from shared.errors import ConfigError

# Kurigram's own, and those of older Pyrograms, told apart by their length.
_FORMATS = {362: ">BI?256sQ?", 356: ">B?256sQ?", 351: ">B?256sI?"}


def user_of(text: str) -> int:
    """The id of the user who is signed in; raises ConfigError naming TELEGRAM_SESSION_STRING."""
    try:
        packed = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
        fields = struct.unpack(_FORMATS[len(text.strip())], packed)
    except (ValueError, KeyError, struct.error):
        raise ConfigError(
            "TELEGRAM_SESSION_STRING: is no session; make one: python -m worker login --string"
        ) from None
    return int(fields[-2])
