"""Signing in and out, and the little that a client asks about its server."""

import secrets

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.telegram import srp
from sandbox.telegram.errors import RpcError
from sandbox.telegram.methods.registry import Context, method
from sandbox.telegram.people import Account, digits
from sandbox.telegram.tl.peers import self_user
from sandbox.telegram.tl.wire import Result

DC = 2
MIN_PHONE, MAX_PHONE = 7, 15


@method("help.GetConfig")
def get_config(context: Context, _: TLObject) -> Result:
    """One data centre: this server."""
    now = context.world.now()
    here = raw.types.DcOption(id=DC, ip_address=context.server.host, port=context.server.port)
    numbers = {name: 0 for name in raw.types.Config.__slots__ if _is_required_number(name)}
    return raw.types.Config(
        **numbers
        | {
            "date": now,
            "expires": now + 3600,
            "test_mode": False,
            "this_dc": DC,
            "dc_options": [here],
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
    """There is only one."""
    return raw.types.NearestDc(country="RU", this_dc=DC, nearest_dc=DC)


@method("account.UpdateStatus")
def update_status(context: Context, _: TLObject) -> Result:
    """Online or not: nobody looks."""
    return context.account.id > 0


@method("auth.SendCode")
def send_code(context: Context, query: TLObject) -> Result:
    """The code itself is a field of the account."""
    phone = digits(query.phone_number) if any(map(str.isdigit, query.phone_number)) else ""
    if phone is None or not MIN_PHONE <= len(phone) <= MAX_PHONE:
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    account = context.world.account_by_phone(phone)
    ticket = secrets.token_hex(9)
    context.server.codes[ticket] = phone
    length = len(account.code) if account else 5
    return raw.types.auth.SentCode(type=raw.types.auth.SentCodeTypeApp(length=length), phone_code_hash=ticket)


@method("auth.SignIn")
def sign_in(context: Context, query: TLObject) -> Result:
    """Ends the login, or asks for the password when two-step verification is on."""
    phone = context.server.codes.get(query.phone_code_hash)
    if phone is None or phone != digits(query.phone_number):
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    account = context.world.account_by_phone(phone)
    if account is None:
        return raw.types.auth.AuthorizationSignUpRequired()
    if query.phone_code != account.code:
        raise RpcError(400, "PHONE_CODE_INVALID")
    del context.server.codes[query.phone_code_hash]
    if account.password is not None:
        context.auth.half_open = account.id
        raise RpcError(401, "SESSION_PASSWORD_NEEDED")
    return _authorize(context, account)


@method("account.GetPassword")
def get_password(context: Context, _: TLObject) -> Result:
    """A fresh challenge for the account that is signing in, or is signed in."""
    account = context.world.accounts.get(context.auth.half_open or 0) or context.account
    if account.password is None:
        return srp.no_password()
    check = srp.PasswordCheck(account.password)
    context.server.checks[check.id] = check
    return check.challenge()


@method("auth.CheckPassword")
def check_password(context: Context, query: TLObject) -> Result:
    """The second step of a login."""
    account = context.world.accounts.get(context.auth.half_open or 0)
    if account is None:
        raise RpcError(401, "AUTH_KEY_UNREGISTERED")
    check = context.server.checks.pop(getattr(query.password, "srp_id", 0), None)
    if check is None:
        raise RpcError(400, "SRP_ID_INVALID")
    if not check.accepts(query.password):
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    return _authorize(context, account)


@method("auth.LogOut")
def log_out(context: Context, _: TLObject) -> Result:
    """The key stays known but belongs to nobody."""
    _signed_in = context.account
    context.server.keys.bind(context.auth, None)
    return raw.types.auth.LoggedOut()


def _authorize(context: Context, account: Account) -> Result:
    context.server.keys.bind(context.auth, account.id)
    return raw.types.auth.Authorization(user=self_user(context.world, account))
