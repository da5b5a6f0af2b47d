"""The worker's settings; each description is what the operator reads when it is missing or wrong."""

import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from shared.settings import SharedSettings, usable_url
from worker.domain.outreach_policy import Hours

EXAMPLE_PROFILE = Path(__file__).parent / "assistant" / "profiles" / "gordovcode.md"


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("is not a web address")
    return value


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("is not host:port")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone") from None
    return value


def _hours(value: str) -> str:
    try:
        Hours.parse(value)
    except ValueError:
        raise ValueError("is not like 09:00-20:00") from None
    return value


def _readable(value: Path) -> Path:
    if not value.is_file():
        raise ValueError("is not a file")
    return value


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("is empty")
    return value


def _owner(value: str) -> str:
    name = value.strip().removeprefix("https://t.me/").removeprefix("@")
    if not re.fullmatch(r"me|[A-Za-z]\w{3,31}", name):
        raise ValueError("is neither a username nor me")
    return name


class Price(NamedTuple):
    """US dollars for a million tokens."""

    tokens_in: float
    tokens_cached: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """What so many tokens cost; the cached ones are among those that went in."""
        fresh = max(tokens_in - tokens_cached, 0)
        cost = fresh * self.tokens_in + tokens_cached * self.tokens_cached + tokens_out * self.tokens_out
        return cost / 1_000_000


def _price(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        price = Price(*(float(part) for part in value.split("/")))
    except (ValueError, TypeError):
        price = None
    if price is None or not all(0 <= part < 1_000_000 for part in price):
        raise ValueError("is not input/cached/output, such as 0.40/0.10/1.60")
    return price


WebAddress = Annotated[str, AfterValidator(_web_address)]
Secret = Annotated[SecretStr, AfterValidator(_filled)]
# Beyond a year it is a slip of the keyboard, and soon beyond what a date can hold.
Seconds = Annotated[float, Field(le=31_536_000)]
MY_TELEGRAM = "of your Telegram app, from my.telegram.org, API development tools"


class TelegramSettings(SharedSettings):
    """What it takes to be signed in to Telegram."""

    telegram_api_id: int = Field(gt=0, lt=2**31, description=f"the number {MY_TELEGRAM}")
    telegram_api_hash: Secret = Field(description=f"the hash {MY_TELEGRAM}")
    telegram_session_name: str = Field(
        "ai_assistant", pattern=r"^[\w.-]+$", description="the session file's name, without .session"
    )
    telegram_session_dir: Path = Field(Path(), description="the folder of the session file")
    telegram_session_string: SecretStr | None = Field(
        None, description="the session itself instead of its file, from python -m worker login --string"
    )
    telegram_proxy: str | None = Field(
        None,
        # It may hold a password.
        repr=False,
        description="a proxy for Telegram: socks5://…, http://…, or a tg://proxy or https://t.me/proxy link",
    )
    telegram_server: Annotated[str, AfterValidator(_host_and_port)] | None = Field(
        None, description="host:port of another Telegram server, such as the sandbox"
    )
    telegram_server_key: str | None = Field(
        None, description="that server's RSA public key: PEM text, or the path of a PEM file"
    )

    @property
    def locked_file(self) -> Path | None:
        """The session's file, which one process may use at a time; None for a session in a setting."""
        return None if self.telegram_session_string else self.session_file

    @property
    def session_file(self) -> Path:
        """Where the signed-in session lives."""
        return self.telegram_session_dir / f"{self.telegram_session_name}.session"

    @property
    def health_file(self) -> Path:
        """Where the running worker leaves its heartbeat."""
        return self.telegram_session_dir / f"{self.telegram_session_name}.health"


class AssistantSettings(SharedSettings):
    """What it takes to write and to understand."""

    openai_api_key: Secret = Field(description="the key of the model's API, from platform.openai.com")
    openai_model: str = Field("gpt-4.1-mini", description="the model that writes and understands")
    openai_base_url: WebAddress | None = Field(
        None, description="another OpenAI-compatible API, such as http://localhost:11434/v1"
    )
    openai_proxy: str | None = Field(
        None, pattern=r"^(https?|socks5h?)://", description="a proxy for the model: http://… or socks5h://…"
    )
    openai_api: Literal["responses", "chat"] = Field(
        "responses", description="which API is spoken: responses, or chat for most compatible servers"
    )
    openai_price: Annotated[Price | None, NoDecode, BeforeValidator(_price)] = Field(
        None, description="dollars for a million tokens of a model we do not know: input/cached/output"
    )
    transcribe_model: str | None = Field(
        None, min_length=1, description="the model that hears voice messages, such as whisper-1; none = off"
    )
    assistant_config: Annotated[Path, AfterValidator(_readable)] | None = Field(
        None, description="a TOML file with the assistant's manner, as docs/assistant.example.toml"
    )
    company_name: str = Field("GordovCode", min_length=1, description="how the company calls itself")
    company_profile: Annotated[Path, AfterValidator(_readable)] = Field(
        EXAMPLE_PROFILE, description="a Markdown file that describes the company; answers come from it alone"
    )
    assistant_pause_seconds: Seconds = Field(
        600, ge=0, description="how long the model is left alone after its quota or key fails, seconds"
    )


class WorkerSettings(AssistantSettings, TelegramSettings):
    """Everything `python -m worker` reads."""

    calendly_link: WebAddress = Field(
        description="your booking page, such as https://calendly.com/you/30min, from calendly.com"
    )
    mode: Literal["autopilot", "drafts"] = Field(
        "autopilot", description="autopilot sends what the assistant writes, drafts waits for your approval"
    )
    greeting_mode: Literal["model", "template"] = Field(
        "model", description="who writes the first message: the model, or the template of ASSISTANT_CONFIG"
    )

    owner_chat: Annotated[str, AfterValidator(_owner)] | None = Field(
        None, description="who is told of leads and trouble: a @username, or me for Saved Messages"
    )
    owner_language: Literal["ru", "en"] = Field("ru", description="the language of these notices: ru or en")
    owner_messages_per_hour: int = Field(
        10, ge=1, le=60, description="most notices an hour; what is more goes together in the next"
    )

    health_host: str = Field("127.0.0.1", description="where HEALTH_PORT listens; 0.0.0.0 in a container")
    health_port: int | None = Field(
        None, ge=0, lt=65536, description="a port for /healthz and /readyz of the worker; none = off"
    )

    database_listen_url: Annotated[str, AfterValidator(usable_url)] | None = Field(
        None,
        # It may hold a password.
        repr=False,
        description="PostgreSQL's own address for wake-ups, if DATABASE_URL leads through a pooler",
    )
    poll_interval_seconds: Seconds = Field(5, gt=0, description="how often due leads are looked for, seconds")
    lease_seconds: Seconds = Field(60, ge=5, description="how long a silent worker keeps a lead, seconds")
    leads_in_hand: int = Field(256, ge=1, le=1000, description="most leads worked on at a time by one worker")
    reply_debounce_seconds: Seconds = Field(
        8, ge=0, description="the quiet after a person's message before it is answered, seconds"
    )
    outreach_gap_seconds: Seconds = Field(
        30, ge=0, description="least pause between first messages to new people, seconds"
    )
    outreach_daily_limit: int = Field(30, ge=1, description="most first messages in any 24 hours")
    outreach_warmup_days: int = Field(
        7, ge=0, le=365, description="days over which a new account's daily limit grows to the full; 0 = off"
    )
    outreach_hours: Annotated[str, AfterValidator(_hours)] | None = Field(
        None,
        description="hours for first messages by the person's clock, such as 09:00-20:00; not for those who "
        "have just sent the form",
    )
    resolve_daily_limit: int = Field(150, ge=1, description="most look-ups by username in any 24 hours")
    import_daily_limit: int = Field(15, ge=1, description="most contacts imported in any 24 hours")
    keep_contacts: bool = Field(True, description="whether people found by import stay in the contacts")
    max_stars_per_message: int = Field(
        0, ge=0, le=10_000, description="most Telegram Stars to pay for a message to a stranger; 0 = none"
    )
    lookup_gap_seconds: Seconds = Field(
        3, ge=0, description="least pause between look-ups of people in Telegram, seconds"
    )
    typing_seconds: float = Field(
        6, ge=0, le=30, description="most time spent typing before a message, seconds; 0 = none"
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/Moscow",
        description="your time zone, such as Europe/Moscow: the clock of people whose own is not known",
    )
    max_attempts: int = Field(8, ge=1, description="failed tries before a lead is given up")
    retry_base_seconds: Seconds = Field(2, gt=0, description="the pause after the first failure, seconds")
    retry_max_seconds: Seconds = Field(300, gt=0, description="the longest pause between tries, seconds")
    greeting_fallback_seconds: Seconds = Field(
        600, ge=0, description="how long a greeting waits for the model before a template goes out, seconds"
    )
