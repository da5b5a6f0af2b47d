"""Routes for the server: address, faults, settings and the call log."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pyrogram import errors, raw

from sandbox.app import Sandbox
from tests.sandbox.fake_telegram.clients import login_client, session_client


async def test_info_contains_address_and_keys(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    info = (await http.get("/telegram/info")).json()
    assert info["address"] == f"{info['host']}:{info['port']}" == sandbox.telegram.address
    for pem in (info["key_pem"], info["key_spki_pem"]):
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.public_numbers().n == sandbox.telegram.key.n
    assert info["key_pem"].startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert info["key_spki_pem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert info["layer"] > 200


async def test_faults_can_be_added_and_removed(
    http: httpx2.AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    fault = {"method": "help.GetNearestDc", "action": "error", "code": 420, "message": "FLOOD_WAIT_9"}
    first = (await http.post("/telegram/faults", json=fault)).json()
    assert (await http.get("/telegram/faults")).json() == [first]
    async with session_client(sandbox.telegram, tmp_path) as worker:
        with pytest.raises(errors.FloodWait):
            await worker.call(raw.functions.help.GetNearestDc())
    assert (await http.get("/telegram/faults")).json() == []
    second = (await http.post("/telegram/faults", json=fault)).json()
    assert (await http.delete(f"/telegram/faults/{second['id']}")).status_code == 204
    assert (await http.delete(f"/telegram/faults/{second['id']}")).status_code == 404
    await http.post("/telegram/faults", json=fault)
    await http.delete("/telegram/faults")
    assert (await http.get("/telegram/faults")).json() == []
    assert (await http.post("/telegram/faults", json={"action": "explode"})).status_code == 422


async def test_down_and_up_on_the_same_port(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    port = sandbox.telegram.port
    assert (await http.post("/telegram/down")).json()["is_up"] is False
    assert (await http.get("/healthz")).json() == {"ok": True, "telegram": False}
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", port)
    assert (await http.post("/telegram/up")).json()["port"] == port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def test_calls_are_logged(http: httpx2.AsyncClient, sandbox: Sandbox, tmp_path: Path) -> None:
    async with session_client(sandbox.telegram, tmp_path) as worker:
        await worker.call(raw.functions.contacts.ResolvePhone(phone="79161234503"))
    query = {"method": "contacts.ResolvePhone"}
    record = (await http.get("/telegram/calls", params=query)).json()
    [call] = record["calls"]
    assert (call["account"], call["args"]) == (sandbox.account.id, {"phone": "79161234503"})
    assert call["person"] == sandbox.telegram.world.people.by_phone("79161234503").id
    assert record["counts"]["help.GetConfig"] == 1
    assert [key["most"] for key in record["connections"].values()] == [1]
    await http.delete("/telegram/calls")
    assert (await http.get("/telegram/calls")).json()["counts"] == {}


async def test_settings_can_be_changed(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    changed = await http.patch("/telegram/settings", json={"send_answer": "updates"})
    assert changed.json()["send_answer"] == "updates"
    assert sandbox.telegram.settings.send_answer == "updates"
    wrong = await http.patch("/telegram/settings", json={"send_answer": "by post"})
    assert wrong.status_code == 422


async def test_a_revoked_session_is_unregistered(
    http: httpx2.AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with session_client(sandbox.telegram, tmp_path) as worker:
        await http.post(f"/accounts/{sandbox.account.id}/revoke")
        with pytest.raises(errors.AuthKeyUnregistered):
            await worker.call(raw.functions.updates.GetState())


async def test_swagger_lists_the_routes_of_both_servers(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/docs")).status_code == 200
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert {"/people", "/telegram/faults", "/v1/responses"} <= set(paths)


async def test_the_call_log_contains_no_secrets(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    client = login_client(sandbox.telegram, sandbox.account.phone, sandbox.account.code)
    await client.start()
    await client.stop()
    for method in ("auth.SendCode", "auth.SignIn"):
        [call] = (await http.get("/telegram/calls", params={"method": method})).json()["calls"]
        assert "phone_number" in call["args"]
        assert not {"api_hash", "phone_code"} & set(call["args"])
