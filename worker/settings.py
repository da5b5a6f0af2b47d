"""The worker's settings; a field's description is shown to the operator if it is missing or malformed."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from shared.settings import DOTENV, SharedSettings, usable_url
from worker.domain.config.openai_settings import usable_address, usable_key, usable_model, usable_proxy
from worker.domain.config.setting_checks import (
    Price,
    Seconds,
    Secret,
    WebAddress,
    check_host_and_port,
    check_hours,
    check_link_template,
    check_profile,
    check_second_provider,
    check_text_file,
    check_time_zone,
    parse_owner_chat,
    parse_price,
)

EXAMPLE_COMPANY = "GordovCode"
EXAMPLE_WARNING = (
    f"people read about {EXAMPLE_COMPANY}, the shipped example:"
    " set COMPANY_NAME and COMPANY_PROFILE to your company"
)
EXAMPLE_PROFILE = Path(__file__).parent / "assistant" / "profiles" / "gordovcode.md"
TELEGRAM_APP_SOURCE = "of your Telegram app, from my.telegram.org, API development tools"


class TelegramSettings(SharedSettings):
    """The settings of a Telegram session."""

    telegram_api_id: int = Field(gt=0, lt=2**31, description=f"the number {TELEGRAM_APP_SOURCE}")
    telegram_api_hash: Secret = Field(description=f"the hash {TELEGRAM_APP_SOURCE}")
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
    telegram_server: Annotated[str, AfterValidator(check_host_and_port)] | None = Field(
        None, description="host:port of another Telegram server, such as the sandbox"
    )
    telegram_server_key: str | None = Field(
        None, description="that server's RSA public key: PEM text, or the path of a PEM file"
    )

    @property
    def locked_file(self) -> Path | None:
        """The session file to lock, for one process at a time; None if the session is in a setting."""
        return None if self.telegram_session_string else self.session_file

    @property
    def session_file(self) -> Path:
        """The file of the signed-in session."""
        return self.telegram_session_dir / f"{self.telegram_session_name}.session"

    @property
    def health_file(self) -> Path:
        """The file that the running worker writes its heartbeat to."""
        return self.telegram_session_dir / f"{self.telegram_session_name}.health"


class OwnerLanguage(SharedSettings):
    """The setting of commands that print texts for the owner, and need only the database."""

    owner_language: Literal["ru", "en"] = Field(
        "ru", description="the language of notices, and of the commands for the owner: ru or en"
    )


class AssistantSettings(OwnerLanguage):
    """The settings of the model and of the company that it answers for."""

    openai_api_key: Annotated[SecretStr, AfterValidator(usable_key)] = Field(
        description="the key of the model's API, from platform.openai.com"
    )
    openai_model: Annotated[str, AfterValidator(usable_model)] = Field(
        "gpt-4.1-mini", description="the model that writes messages and classifies replies"
    )
    openai_base_url: Annotated[str, AfterValidator(usable_address)] | None = Field(
        None, description="another OpenAI-compatible API, such as http://localhost:11434/v1"
    )
    openai_proxy: Annotated[str, AfterValidator(usable_proxy)] | None = Field(
        None,
        # It may hold a password.
        repr=False,
        description="a proxy for the model: http://… or socks5h://…",
    )
    openai_api: Literal["auto", "responses", "chat"] = Field(
        "auto",
        description="which OpenAI API is called: responses, chat, or auto = the one that the server accepts",
    )
    openai_timeout_seconds: Seconds = Field(
        120, ge=1, description="how long an answer of the model is waited for, seconds"
    )
    openai_fallback_base_url: Annotated[str, AfterValidator(usable_address)] | None = Field(
        None, description="the API of a second provider, which answers while the first is out; none = OpenAI"
    )
    openai_fallback_api_key: Annotated[SecretStr, AfterValidator(usable_key)] | None = Field(
        None, description="the key of the second provider"
    )
    openai_fallback_model: Annotated[str, AfterValidator(usable_model)] | None = Field(
        None, description="the model of the second provider"
    )
    openai_fallback_proxy: Annotated[str, AfterValidator(usable_proxy)] | None = Field(
        None,
        # It may hold a password.
        repr=False,
        description="a proxy for the second provider; none = it is called directly",
    )
    openai_fallback_api: Literal["auto", "responses", "chat"] = Field(
        "auto", description="which OpenAI API of the second provider is called, like OPENAI_API"
    )
    openai_price: Annotated[Price | None, NoDecode, BeforeValidator(parse_price)] = Field(
        None,
        description="US dollars per million tokens, for a model without a known price: input/cached/output",
    )
    transcribe_model: str | None = Field(
        None,
        min_length=1,
        description="the model that transcribes voice messages, such as whisper-1; none = off",
    )
    assistant_config: Annotated[Path, AfterValidator(check_text_file)] | None = Field(
        None, description="a TOML file with the assistant's persona, such as docs/assistant.example.toml"
    )
    assistant_trust: Literal["auto", "careful", "full"] = Field(
        "auto",
        description="full: the model decides; careful: evidence and fixed texts; auto: it is tested first",
    )
    company_name: str = Field(EXAMPLE_COMPANY, min_length=1, description="the company's name in messages")
    company_profile: Annotated[Path, AfterValidator(check_profile)] = Field(
        EXAMPLE_PROFILE, description="a Markdown file that describes the company; answers use only this file"
    )
    greeting_mode: Literal["model", "template"] = Field(
        "model", description="the source of the first message: the model, or the template of ASSISTANT_CONFIG"
    )
    timezone: Annotated[str, AfterValidator(check_time_zone)] = Field(
        "Europe/Moscow",
        description="your time zone, such as Europe/Moscow; also used for contacts whose own is not known",
    )
    assistant_pause_seconds: Seconds = Field(
        600, ge=0, description="how long the model is not called after its quota or key fails, seconds"
    )

    @model_validator(mode="after")
    def _check_second_provider(self) -> Self:
        needed = {name: getattr(self, f"openai_fallback_{name}") for name in ("api_key", "model")}
        if self.openai_fallback_base_url or any(needed.values()):
            check_second_provider(needed)
        return self

    @property
    def writes_as_example(self) -> bool:
        """True while the name or the profile is that of the shipped example company."""
        is_example_text = self.company_profile.resolve() == EXAMPLE_PROFILE.resolve() or (
            self.company_profile.read_bytes() == EXAMPLE_PROFILE.read_bytes()
        )
        return self.company_name.strip().casefold() == EXAMPLE_COMPANY.casefold() or is_example_text

    @property
    def files(self) -> list[Path]:
        """The files that are read once, at the start."""
        config = [self.assistant_config] if self.assistant_config else []
        return [DOTENV, self.company_profile, *config]

    @property
    def providers(self) -> list[Self]:
        """The settings of each configured provider, the first one first."""
        return [self] if (second := self.second_provider) is None else [self, second]

    @property
    def second_provider(self) -> Self | None:
        """The same settings with the second provider in place of the first; None if it is not configured."""
        if self.openai_fallback_api_key is None or self.openai_fallback_model is None:
            return None
        same_model = self.openai_fallback_model == self.openai_model
        return self.model_copy(
            update={
                "openai_api_key": self.openai_fallback_api_key,
                "openai_model": self.openai_fallback_model,
                "openai_base_url": self.openai_fallback_base_url,
                "openai_api": self.openai_fallback_api,
                "openai_proxy": self.openai_fallback_proxy,
                # A price is a model's; the price list has those of common models.
                "openai_price": self.openai_price if same_model else None,
                "openai_fallback_api_key": None,
                "openai_fallback_model": None,
                "openai_fallback_base_url": None,
            }
        )


class OwnerSettings(OwnerLanguage):
    """The settings of `python -m worker status`, which needs no account and no model."""

    outreach_daily_limit: int = Field(30, ge=1, description="most first messages in any 24 hours")
    outreach_warmup_days: int = Field(
        7,
        ge=0,
        le=365,
        description="days in which a new account's daily limit grows to the full one; 0 = off",
    )


class WorkerSettings(AssistantSettings, TelegramSettings, OwnerSettings):
    """All settings of `python -m worker`."""

    calendly_link: WebAddress = Field(
        description="your booking page, such as https://calendly.com/you/30min, from calendly.com"
    )
    booking_link_template: Annotated[str, AfterValidator(check_link_template)] | None = Field(
        None,
        description="how a lead's own link is made for other schedulers: https://example.com/book?ref={token}",
    )
    follow_ups: Literal["on", "off"] = Field(
        "on", description="on writes again, once or twice, to people who do not answer; off never does"
    )
    mode: Literal["autopilot", "drafts"] = Field(
        "autopilot", description="autopilot sends what the assistant writes, drafts waits for your approval"
    )
    inbound_leads: Literal["off", "notify", "create"] = Field(
        "off",
        description="what becomes of strangers who write first: off, notify the owner, or create a lead",
    )

    owner_chat: Annotated[str, AfterValidator(parse_owner_chat)] | None = Field(
        None, description="where notices about leads and trouble go: a @username, or me for Saved Messages"
    )
    owner_messages_per_hour: int = Field(
        10, ge=1, le=60, description="most notices per hour; further ones are combined into the next"
    )

    health_host: str = Field("127.0.0.1", description="where HEALTH_PORT listens; 0.0.0.0 in a container")
    health_port: int | None = Field(
        None, ge=0, lt=65536, description="a port for /healthz and /readyz of the worker; none = off"
    )

    database_listen_url: Annotated[str, AfterValidator(usable_url)] | None = Field(
        None,
        # It may hold a password.
        repr=False,
        description="PostgreSQL's direct address for wake-ups, if DATABASE_URL goes through a pooler",
    )
    poll_interval_seconds: Seconds = Field(
        5, gt=0, description="how often the database is polled for due leads, seconds"
    )
    lease_seconds: Seconds = Field(
        60, ge=5, description="how long a worker that stopped responding keeps a lead, seconds"
    )
    leads_in_hand: int = Field(
        256, ge=1, le=1000, description="most leads that one worker processes at a time"
    )
    reply_debounce_seconds: Seconds = Field(
        8, ge=0, description="how long to wait for more messages before answering them all at once, seconds"
    )
    outreach_gap_seconds: Seconds = Field(
        30, ge=0, description="least pause between first messages to new contacts, seconds"
    )
    outreach_hours: Annotated[str, AfterValidator(check_hours)] | None = Field(
        None,
        description="hours for first messages in the contact's time zone, such as 09:00-20:00; leads "
        "that have just been submitted are exempt",
    )
    resolve_daily_limit: int = Field(150, ge=1, description="most username look-ups in any 24 hours")
    import_daily_limit: int = Field(15, ge=1, description="most contacts imported in any 24 hours")
    keep_contacts: bool = Field(
        True, description="true keeps people found by import in the account's contacts"
    )
    max_stars_per_message: int = Field(
        0, ge=0, le=10_000, description="most Telegram Stars to pay for a message to a stranger; 0 = none"
    )
    lookup_gap_seconds: Seconds = Field(
        3, ge=0, description="least pause between look-ups in Telegram, seconds"
    )
    typing_seconds: float = Field(
        6, ge=0, le=30, description="longest time to show typing before a message, seconds; 0 = none"
    )
    max_attempts: int = Field(8, ge=1, description="failed attempts before a lead is marked as failed")
    retry_base_seconds: Seconds = Field(
        2, gt=0, description="the pause after the first failed attempt, seconds"
    )
    retry_max_seconds: Seconds = Field(300, gt=0, description="the longest pause between attempts, seconds")
    greeting_fallback_seconds: Seconds = Field(
        600, ge=0, description="how long a greeting waits for the model before the template is sent, seconds"
    )
