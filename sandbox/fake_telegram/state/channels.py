"""The channels and groups that an account is in: they have states of their own, and may refuse every call."""

from dataclasses import dataclass

from sandbox.fake_telegram.errors import RpcError

FIRST_CHANNEL_ID = 1_500_000_001
# What Telegram answers to calls about channels that are closed, lost or in trouble.
CHANNEL_ERRORS = (
    RpcError(403, "CHANNEL_PUBLIC_GROUP_NA"),
    RpcError(400, "USER_BANNED_IN_CHANNEL"),
    RpcError(400, "FROZEN_PARTICIPANT_MISSING"),
    RpcError(500, "HISTORY_GET_FAILED"),
    RpcError(400, "PERSISTENT_TIMESTAMP_INVALID"),
)


@dataclass
class Channel:
    """A channel (`is_broadcast`) or a supergroup; `error` is the answer to every call about it."""

    id: int
    title: str
    is_broadcast: bool = False
    pts: int = 1
    date: int = 0
    error: RpcError | None = None


class Channels:
    """All channels, and which account is in which."""

    def __init__(self) -> None:
        self._channels: dict[int, Channel] = {}
        self._members: dict[int, list[int]] = {}

    def join(self, account_id: int, channel: Channel) -> Channel:
        """Let the account join the channel."""
        self._channels[channel.id] = channel
        self._members.setdefault(account_id, []).append(channel.id)
        return channel

    def add(self, account_id: int, title: str, *, date: int, error: RpcError | None = None) -> Channel:
        """Create a supergroup with the account in it."""
        number = FIRST_CHANNEL_ID + len(self._channels)
        return self.join(account_id, Channel(number, title, date=date, error=error))

    def leave_all(self, account_id: int) -> None:
        """Let the account leave all its channels."""
        self._members.pop(account_id, None)

    def of(self, account_id: int) -> list[Channel]:
        """Return the channels of an account."""
        return [self._channels[one] for one in self._members.get(account_id, [])]

    def find(self, channel_id: int) -> Channel:
        """Return a channel; raises RpcError as Telegram does for one that the account cannot see."""
        if channel_id not in self._channels:
            raise RpcError(400, "CHANNEL_INVALID")
        return self._channels[channel_id]
