"""Handles one RPC call from arrival to answer: log, fault, method."""

import asyncio
import logging

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.faults import Fault, Faults
from sandbox.fake_telegram.mtproto.auth_keys import AuthKey
from sandbox.fake_telegram.mtproto.connection import Link
from sandbox.fake_telegram.rpc.call_log import ARGUMENT_LENGTH, Call, Calls
from sandbox.fake_telegram.rpc.methods import METHODS, Context
from sandbox.fake_telegram.rpc.peer_access import concerned_person_id
from sandbox.fake_telegram.rpc.registry import Server
from sandbox.fake_telegram.rpc.updates import too_long
from sandbox.fake_telegram.tl.serialization import encode, name_of

log = logging.getLogger(__name__)

SECRETS = frozenset({"api_hash", "phone_code", "password"})


class Dispatcher:
    """Runs calls without a fault at once and in order; calls with a fault run as tasks."""

    def __init__(self, server: Server, calls: Calls, faults: Faults) -> None:
        self._server = server
        self._calls = calls
        self._faults = faults
        self._faulty_calls: set[asyncio.Task[None]] = set()

    def receive(self, link: Link, auth: AuthKey, msg_id: int, query: TLObject) -> None:
        """Handle one call from a link."""
        name, person = name_of(query), concerned_person_id(self._server.world, query)
        fault = self._faults.take(name, auth.account_id, person)
        call = self._calls.add(
            Call(
                at=self._server.world.moment(),
                account=auth.account_id,
                method=name,
                person=person,
                args=_describe_arguments(query),
                fault=fault.action if fault else None,
            )
        )
        context = Context(self._server, auth, link.session_id)
        if fault is None:
            link.answer(msg_id, self._run_method(context, query, call))
            return
        task = asyncio.create_task(self._apply_fault(fault, link, msg_id, context, query, call))
        self._faulty_calls.add(task)
        task.add_done_callback(self._faulty_calls.discard)

    async def stop(self) -> None:
        """Cancel the calls that a fault delays."""
        for task in self._faulty_calls:
            task.cancel()
        await asyncio.gather(*self._faulty_calls, return_exceptions=True)

    def _run_method(self, context: Context, query: TLObject, call: Call) -> bytes:
        """Run the method; return its encoded result or error."""
        try:
            if context.auth.revoked_by is not None:
                raise RpcError(406, context.auth.revoked_by)
            perform = METHODS.get(call.method)
            if perform is None:
                raise RpcError(400, "INPUT_METHOD_INVALID")
            if watch := context.world.watches.get(context.auth.account_id or 0):
                watch.check_call(call.method)
            return encode(perform(context, query))
        except RpcError as failure:
            return self._failed(call, failure)
        except Exception:
            log.exception("%s has failed", call.method)
            return self._failed(call, RpcError(500, "RPC_CALL_FAIL"))

    def _failed(self, call: Call, failure: RpcError) -> bytes:
        call.error = str(failure)
        error = raw.types.RpcError(error_code=failure.code, error_message=failure.message)
        return encode(error)

    async def _apply_fault(
        self, fault: Fault, link: Link, msg_id: int, context: Context, query: TLObject, call: Call
    ) -> None:
        if fault.seconds and fault.action != "delay_after":
            await asyncio.sleep(fault.seconds)
        if fault.action in ("error", "drop_before", "silent", "swallow_before", "reject"):
            self._without_effect(fault, link, msg_id, call)
            return
        result = self._run_method(context, query, call)
        if fault.action == "difference_too_long":
            result = encode(too_long(context))
        elif fault.action == "error_after":
            result = self._failed(call, RpcError(fault.code, fault.message))
        elif fault.action == "delay_after":
            await asyncio.sleep(fault.seconds)
        if fault.action == "drop_after":
            link.disconnect()
        elif fault.action != "swallow_after":
            link.answer(msg_id, result)

    def _without_effect(self, fault: Fault, link: Link, msg_id: int, call: Call) -> None:
        if fault.action == "error":
            link.answer(msg_id, self._failed(call, RpcError(fault.code, fault.message)))
        elif fault.action == "drop_before":
            link.disconnect()
        elif fault.action == "reject":
            link.reject(msg_id, fault.code)
        elif fault.action == "silent":
            link.silent = True


def _describe_arguments(query: TLObject) -> dict[str, str]:
    """Return the arguments as text, without empty and secret ones."""
    given = {slot: getattr(query, slot) for slot in query.__slots__ if slot not in SECRETS}
    texts = {
        slot: value if isinstance(value, str) else repr(value).removeprefix("pyrogram.raw.types.")
        for slot, value in given.items()
        if value is not None
    }
    return {slot: text[:ARGUMENT_LENGTH] for slot, text in texts.items()}
