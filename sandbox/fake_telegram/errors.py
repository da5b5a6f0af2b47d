"""The error that RPC methods raise: Telegram's code and message, as sent to the client."""


class RpcError(Exception):
    """Is sent as an rpc_error, for example 400 PEER_ID_INVALID."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
