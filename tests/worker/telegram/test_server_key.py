"""The key of another server: both forms of PEM, and the fingerprints of Telegram's own keys."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as made
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyrogram.crypto import rsa

from shared.errors import ConfigError
from worker.telegram.transport import server_key

KNOWN = dict(rsa.server_public_keys)


@pytest.fixture(scope="module")
def key() -> made.RSAPublicKey:
    return made.generate_private_key(public_exponent=65537, key_size=2048).public_key()


@pytest.fixture(params=[PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo])
def pem(request: pytest.FixtureRequest, key: made.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, request.param).decode()


@pytest.mark.parametrize("fingerprint", KNOWN)
def test_the_fingerprints_of_telegrams_own_keys(fingerprint: int) -> None:
    known = KNOWN[fingerprint]
    assert server_key.fingerprint(known.m, known.e) == fingerprint


@pytest.mark.parametrize("form", [PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo])
def test_telegrams_own_keys_are_read_from_pem(form: PublicFormat) -> None:
    for known in KNOWN.values():
        pem = made.RSAPublicNumbers(known.e, known.m).public_key().public_bytes(Encoding.PEM, form).decode()
        assert server_key.parse(pem) == (known.m, known.e)


def test_both_forms_of_pem_are_read(pem: str, key: made.RSAPublicKey) -> None:
    numbers = key.public_numbers()
    assert server_key.parse(pem) == (numbers.n, numbers.e)
    assert server_key.parse(f"\n  {pem}\n# comment\n") == (numbers.n, numbers.e)


@pytest.mark.parametrize("size", [1024, 4096])
def test_other_key_sizes_are_read(size: int) -> None:
    key = made.generate_private_key(public_exponent=65537, key_size=size).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert server_key.parse(pem) == (key.public_numbers().n, 65537)


def test_a_key_is_trusted_as_text_and_as_a_file(pem: str, key: made.RSAPublicKey, tmp_path: Path) -> None:
    numbers = key.public_numbers()
    fingerprint = server_key.fingerprint(numbers.n, numbers.e)
    path = tmp_path / "key.pem"
    path.write_text(pem)
    # As text, on one line as in an .env file, and as a file.
    for given in (pem, pem.replace("\n", "\\n"), str(path)):
        rsa.server_public_keys.pop(fingerprint, None)
        server_key.trust(given)
        trusted = rsa.server_public_keys.pop(fingerprint)
        assert (trusted.m, trusted.e) == (numbers.n, numbers.e)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "/nowhere/key.pem",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nnot base64!\n-----END PUBLIC KEY-----",
        "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMAMCAQE=\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_the_error_of_a_broken_key_names_the_setting(broken: str) -> None:
    with pytest.raises(ConfigError, match=r"^TELEGRAM_SERVER_KEY: "):
        server_key.trust(broken)
    assert set(rsa.server_public_keys) >= set(KNOWN)


def test_the_error_of_a_truncated_key_names_the_setting(pem: str) -> None:
    lines = pem.strip().splitlines()
    for end in range(2, len(lines) - 1):
        with pytest.raises(ConfigError, match=r"^TELEGRAM_SERVER_KEY: "):
            server_key.trust("\n".join([*lines[:end], lines[-1]]))


@pytest.mark.parametrize("curve", ["ec", "folder", "binary"])
def test_the_error_of_another_kind_of_key_names_the_setting(curve: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(bytes(range(256)))
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    given = {
        "ec": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "folder": str(tmp_path),
        "binary": str(path),
    }[curve]
    with pytest.raises(ConfigError, match=r"^TELEGRAM_SERVER_KEY: "):
        server_key.trust(given)
