"""The table of methods and what each of them is given."""

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
    """What a QR code shows: the key that asks, until when (Unix seconds), and who has scanned it."""

    auth: AuthKey
    expires: float
    account_id: int | None = None


@dataclass
class Server:
    """What all calls share; `codes` are phone numbers by phone_code_hash."""

    world: World
    settings: Settings
    keys: AuthKeys
    host: str
    port: int
    codes: dict[str, str] = field(default_factory=dict)
    checks: dict[int, PasswordCheck] = field(default_factory=dict)
    tokens: dict[bytes, LoginToken] = field(default_factory=dict)
    # How many clients were sent to a data centre and have not called from there yet; the keys they left.
    sent_away: Counter[int] = field(default_factory=Counter)
    strangers: set[bytes] = field(default_factory=set)


@dataclass
class Context:
    """Who calls: a key, signed in or not, on one session."""

    server: Server
    auth: AuthKey
    session_id: bytes

    @property
    def world(self) -> World:
        """The world behind the server."""
        return self.server.world

    @property
    def account(self) -> Account:
        """The account that is signed in; a client that is not gets 401."""
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
