"""The one error that a method raises: Telegram's code and message, as the client will see them."""


class RpcError(Exception):
    """Becomes an rpc_error, such as 400 PEER_ID_INVALID."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
