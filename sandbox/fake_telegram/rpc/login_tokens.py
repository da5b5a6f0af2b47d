"""Login by QR code: another device of the account's owner scans a token.

Source: https://core.telegram.org/api/qr-login
"""

import os
import time

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.account import authorize, check_app, is_in_home_dc
from sandbox.fake_telegram.rpc.registry import Context, LoginToken, method
from sandbox.fake_telegram.tl.serialization import Result

TOKEN_BYTES = 32


@method("auth.ExportLoginToken")
def export_login_token(context: Context, query: TLObject) -> Result:
    """Return a token to show; after the scan, the login or a redirect to the account's data centre."""
    check_app(context, query)
    tokens = context.server.tokens
    for token, known in tokens.items():
        if known.auth is context.auth and known.account_id is not None:
            account = context.world.account(known.account_id)
            if not is_in_home_dc(context, account):
                return raw.types.auth.LoginTokenMigrateTo(dc_id=account.dc, token=token)
            return _finish_login(context, token)
    token, seconds = os.urandom(TOKEN_BYTES), context.server.settings.login_token_seconds
    tokens[token] = LoginToken(context.auth, time.time() + seconds)
    return raw.types.auth.LoginToken(expires=context.world.now() + seconds, token=token)


@method("auth.ImportLoginToken")
def import_login_token(context: Context, query: TLObject) -> Result:
    """Finish a login whose token was exported in another data centre and scanned."""
    known = context.server.tokens.get(query.token)
    if known is None or known.account_id is None:
        raise RpcError(400, "AUTH_TOKEN_INVALID")
    is_in_home_dc(context, context.world.account(known.account_id))
    return _finish_login(context, query.token)


def _finish_login(context: Context, token: bytes) -> Result:
    account = context.world.account(context.server.tokens.pop(token).account_id or 0)
    return raw.types.auth.LoginTokenSuccess(authorization=authorize(context, account))
