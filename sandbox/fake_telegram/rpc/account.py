"""Methods for signing in and out and for the client's configuration."""

import secrets

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.mtproto.auth_keys import HOME_DC
from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.state import two_step_verification
from sandbox.fake_telegram.state.people import Account, digits
from sandbox.fake_telegram.tl.peers import self_user
from sandbox.fake_telegram.tl.serialization import Result

DC = HOME_DC
ALL_DCS = range(1, 6)
MIN_PHONE, MAX_PHONE = 7, 15


@method("help.GetConfig")
def get_config(context: Context, _: TLObject) -> Result:
    """Return a configuration in which every data centre is this server."""
    now = context.world.now()
    server = context.server
    options = [raw.types.DcOption(id=dc, ip_address=server.host, port=server.port) for dc in ALL_DCS]
    numbers = {name: 0 for name in raw.types.Config.__slots__ if _is_required_number(name)}
    return raw.types.Config(
        **numbers
        | {
            "date": now,
            "expires": now + 3600,
            "test_mode": False,
            "this_dc": context.auth.dc,
            "dc_options": options,
            "dc_txt_domain_name": "",
            "me_url_prefix": "https://t.me/",
            "message_length_max": 4096,
            "caption_length_max": 1024,
        }
    )


def _is_required_number(name: str) -> bool:
    return name.endswith(("_ms", "_max", "_limit", "_decay", "_period", "_id")) and name != "this_dc"


@method("help.GetNearestDc")
def get_nearest_dc(_: Context, __: TLObject) -> Result:
    """Return the only data centre."""
    return raw.types.NearestDc(country="RU", this_dc=DC, nearest_dc=DC)


@method("account.UpdateStatus")
def update_status(context: Context, _: TLObject) -> Result:
    """Accept the online status and ignore it."""
    return context.account.id > 0


@method("auth.SendCode")
def send_code(context: Context, query: TLObject) -> Result:
    """Start a login; the login code is a field of the account."""
    check_app(context, query)
    phone = digits(query.phone_number) if any(map(str.isdigit, query.phone_number)) else ""
    if phone is None or not MIN_PHONE <= len(phone) <= MAX_PHONE:
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    account = context.world.account_by_phone(phone)
    if account is not None and not is_in_home_dc(context, account):
        raise RpcError(303, f"PHONE_MIGRATE_{account.dc}")
    ticket = secrets.token_hex(9)
    context.server.codes[ticket] = phone
    length = len(account.code) if account else 5
    return raw.types.auth.SentCode(type=raw.types.auth.SentCodeTypeApp(length=length), phone_code_hash=ticket)


@method("auth.SignIn")
def sign_in(context: Context, query: TLObject) -> Result:
    """Finish the login, or ask for the password if two-step verification is on."""
    phone = context.server.codes.get(query.phone_code_hash)
    if phone is None or phone != digits(query.phone_number):
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    account = context.world.account_by_phone(phone)
    if account is None:
        return raw.types.auth.AuthorizationSignUpRequired()
    if query.phone_code != account.code:
        raise RpcError(400, "PHONE_CODE_INVALID")
    del context.server.codes[query.phone_code_hash]
    return authorize(context, account)


@method("account.GetPassword")
def get_password(context: Context, _: TLObject) -> Result:
    """Return a new password challenge for the account that is signing in or signed in."""
    account = context.world.accounts.get(context.auth.awaiting_password or 0) or context.account
    if account.password is None:
        return two_step_verification.no_password()
    check = two_step_verification.PasswordCheck(account.password)
    context.server.checks[check.id] = check
    return check.challenge()


@method("auth.CheckPassword")
def check_password(context: Context, query: TLObject) -> Result:
    """Check the password: the second step of a login."""
    account = context.world.accounts.get(context.auth.awaiting_password or 0)
    if account is None:
        raise RpcError(401, "AUTH_KEY_UNREGISTERED")
    check = context.server.checks.pop(getattr(query.password, "srp_id", 0), None)
    if check is None:
        raise RpcError(400, "SRP_ID_INVALID")
    if not check.accepts(query.password):
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    return _sign_in(context, account)


@method("auth.LogOut")
def log_out(context: Context, _: TLObject) -> Result:
    """Sign out; the key stays known but has no account."""
    _signed_in = context.account
    context.server.keys.bind(context.auth, None)
    return raw.types.auth.LoggedOut()


def check_app(context: Context, query: TLObject) -> None:
    """Raise RpcError for a wrong api_hash; Telegram checks it only at sign-in."""
    if context.server.settings.api_hash not in (None, query.api_hash):
        raise RpcError(400, "API_ID_INVALID")


def is_in_home_dc(context: Context, account: Account) -> bool:
    """True if the key belongs to the account's data centre; if not, record that it is redirected."""
    auth, redirected = context.auth, context.server.redirected
    if auth.dc != account.dc and redirected[account.dc] and auth.id not in context.server.redirected_keys:
        # All data centres are this server, which counts the clients that it redirected to each.
        redirected[account.dc] -= 1
        auth.dc = account.dc
    if auth.dc == account.dc:
        return True
    context.server.redirected_keys.add(auth.id)
    redirected[account.dc] += 1
    return False


def authorize(context: Context, account: Account) -> Result:
    """Sign the key in, or ask for the password first."""
    if account.password is not None:
        context.auth.awaiting_password = account.id
        raise RpcError(401, "SESSION_PASSWORD_NEEDED")
    return _sign_in(context, account)


def _sign_in(context: Context, account: Account) -> Result:
    context.server.keys.bind(context.auth, account.id)
    return raw.types.auth.Authorization(user=self_user(context.world, account))
