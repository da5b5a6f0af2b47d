"""The registry of RPC methods, and the context that each method receives."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.mtproto.auth_keys import AuthKey, AuthKeys
from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.two_step_verification import PasswordCheck
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl.serialization import Result


@dataclass
class LoginToken:
    """A login token: the key that asks, the expiry (Unix seconds), and the account that scanned it."""

    auth: AuthKey
    expires: float
    account_id: int | None = None


@dataclass
class Server:
    """The state that all calls share; `codes` maps phone_code_hash to phone numbers."""

    world: World
    settings: Settings
    keys: AuthKeys
    host: str
    port: int
    codes: dict[str, str] = field(default_factory=dict)
    checks: dict[int, PasswordCheck] = field(default_factory=dict)
    tokens: dict[bytes, LoginToken] = field(default_factory=dict)
    # Clients redirected to each data centre that have not called from there yet, and the keys they left.
    redirected: Counter[int] = field(default_factory=Counter)
    redirected_keys: set[bytes] = field(default_factory=set)


@dataclass
class Context:
    """The caller: an auth key, signed in or not, in one session."""

    server: Server
    auth: AuthKey
    session_id: bytes

    @property
    def world(self) -> World:
        """The state of the server."""
        return self.server.world

    @property
    def account(self) -> Account:
        """The signed-in account; raises 401 without one."""
        account = self.world.accounts.get(self.auth.account_id or 0)
        if account is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        return account


Method = Callable[[Context, TLObject], Result]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Register a function under the method's name, such as messages.SendMessage."""

    def register(function: Method) -> Method:
        METHODS[name] = function
        return function

    return register
