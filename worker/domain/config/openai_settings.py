"""Checks of the model's key, address, name and proxy: plain slips are corrected, others are named. Pure."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from unicodedata import name as character_name
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from shared.localized_messages import sentence

_QUOTES = "\"'`“”„«»‘’"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00a0"
_ASSIGNMENT = re.compile(
    r"^(?:export\s+)?[A-Z][A-Z0-9_]*_KEY\s*[=:]\s*|^(?i:(?:Authorization:\s*)?Bearer\s+)"
)
# What examples have in the place of a key. Local servers take any word, such as "ollama" or "none".
_PLACEHOLDER = re.compile(
    r"\.\.\.|…|^<.*>$|^\[.*\]$|^\{.*\}$|^\$|\*{3}|^(?:[^\W_]{1,8}[-_]){0,6}(?:x{3,}|х{3,}|0{6,})$"
    r"|(?:^|[-_ ])(?:your|my|paste|insert|put|enter|replace|change)[a-z_ -]{0,40}(?:key|token|here|me|this)$"
    r"|^(?:openai[-_]?)?api[-_]?key[-_]?(?:here)?$",
    re.IGNORECASE,
)
_ENDPOINTS = re.compile(r"/(?:chat/completions|completions|responses|chat|models|embeddings)$")
# Where these providers serve the API; other servers serve it at /v1.
_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "openrouter.ai": "/api/v1",
        "generativelanguage.googleapis.com": "/v1beta/openai",
        "api.groq.com": "/openai/v1",
    }
)
_OLLAMA_PORT = 11_434
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_EXAMPLE = "write it like https://api.deepseek.com/v1 or http://localhost:11434/v1"
_NO_SCHEME = "does not begin with https:// or http://: {right}"
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def usable_key(value: SecretStr) -> SecretStr:
    """Return the key without what was copied around it. Raises ValueError for one that cannot be sent."""
    key = _ASSIGNMENT.sub("", _bare(value.get_secret_value()))
    key = _bare(key)
    if not key:
        raise ValueError("is empty")
    if _PLACEHOLDER.search(key):
        raise ValueError("is a placeholder: copy the whole key from the provider's page")
    _check_characters(
        key, "a key has only Latin letters, digits and signs: copy it from the provider's page again"
    )
    return SecretStr(key)


def usable_model(value: str) -> str:
    """Return the model's name without quotes and spaces around it. Raises ValueError for an unusable one."""
    model = _bare(value)
    if not model:
        raise ValueError("is empty")
    _check_characters(model.replace(" ", "-"), "copy the model's name from the provider's list")
    return model


def usable_address(value: str) -> str:
    """Return the base address of an OpenAI-compatible API. Raises ValueError with what would be right."""
    parts = _split(_bare(value))
    host = parts.hostname or ""
    if parts.fragment:
        raise ValueError(sentence("has a #…: {right}", right=_EXAMPLE))
    path = _ENDPOINTS.sub("", re.sub(r"/{2,}", "/", parts.path).rstrip("/"))
    if host.endswith(_AZURE):
        return _azure_address(parts, path)
    if parts.query:
        right = parts._replace(path=path or "/v1", query="").geturl()
        raise ValueError(sentence("has a ?…, which cannot be part of it: write {right}", right=right))
    path = path.replace("/v1/v1", "/v1")
    if parts.port == _OLLAMA_PORT and (path == "/api" or path.startswith("/api/")):
        right = parts._replace(path="/v1").geturl()
        raise ValueError(sentence("is Ollama's own API: write {right}", right=right))
    known = _PATHS.get(host.removeprefix("www."))
    if known is not None and (not path or known.startswith(f"{path}/") or path == "/v1"):
        path = known
    return parts._replace(path=path or "/v1").geturl()


def usable_proxy(value: str) -> str:
    """Return the proxy's address. Raises ValueError for one without a known scheme, host or port."""
    proxy = _bare(value)
    right = "write it like http://host:port or socks5h://user:password@host:port"
    _check_characters(proxy, right)
    try:
        parts = urlsplit(proxy)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname:
        raise ValueError(sentence("is not a proxy's address: {right}", right=right))
    _check_port(parts, right)
    return proxy


def _bare(text: str) -> str:
    """Return the text without spaces, line breaks, quotes and invisible characters around it."""
    return text.strip(f" \t\r\n{_INVISIBLE}").strip(_QUOTES).strip(f" \t\r\n{_INVISIBLE}")


def _check_characters(text: str, right: str) -> None:
    for place, char in enumerate(text, 1):
        if not "!" <= char <= "~":
            what = {"\n": "a line break", "\r": "a line break", " ": "a space", "\t": "a tab"}.get(char)
            if what is None and "а" <= char.lower() <= "ё":
                what = sentence("the Russian letter {letter!r}", letter=char)
            what = what or f"{character_name(char, f'U+{ord(char):04X}').lower()} ({char!r})"
            raise ValueError(
                sentence("has {what} as its character {place}: {right}", what=what, place=place, right=right)
            )


def _split(text: str) -> SplitResult:
    """Return the parts of an address. Raises ValueError if its scheme, host or port is unusable."""
    if not text:
        raise ValueError(sentence("is empty: {right}", right=_EXAMPLE))
    _check_characters(text, _EXAMPLE)
    if "://" not in text:
        if re.match(r"[a-z]{3,6}(?::/|/|:\\|\\)", text, re.IGNORECASE):
            raise ValueError(sentence(_NO_SCHEME, right=_EXAMPLE))
        right = sentence("write {address}", address=_with_scheme(text))
        raise ValueError(sentence(_NO_SCHEME, right=right))
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise ValueError(sentence("is not a web address: {right}", right=_EXAMPLE)) from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError(
            sentence(
                "begins with {scheme}://, not with https:// or http://: {right}",
                scheme=parts.scheme,
                right=_EXAMPLE,
            )
        )
    if not host or not re.fullmatch(r"[\w.:-]+", host, re.ASCII) or ".." in host:
        raise ValueError(sentence("has no usable host: {right}", right=_EXAMPLE))
    _check_port(parts, _EXAMPLE)
    return parts


def _with_scheme(text: str) -> str:
    """Return what an address without a scheme probably means: http for this machine and network."""
    host = re.split(r"[/:?#]", text, maxsplit=1)[0]
    try:
        is_local = ip_address(host).is_private
    except ValueError:
        is_local = "." not in host or host.endswith((".local", ".internal", ".lan"))
    parts = urlsplit(f"{'http' if is_local else 'https'}://{text}")
    return parts._replace(path=_ENDPOINTS.sub("", parts.path.rstrip("/")) or "/v1", query="").geturl()


def _check_port(parts: SplitResult, right: str) -> None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError(sentence("has a port that is not a number from 1 to 65535: {right}", right=right))


def _azure_address(parts: SplitResult, path: str) -> str:
    """Return Azure's address: its v1 API takes the deployment as the model and needs no api-version."""
    right = parts._replace(path="/openai/v1", query="").geturl()
    deployment = re.search(r"/deployments/([^/]+)", path)
    if deployment is not None:
        raise ValueError(
            sentence(
                "is the address of one deployment: write {right} and OPENAI_MODEL={name}",
                right=right,
                name=deployment[1],
            )
        )
    return right
