"""Settings from the environment or .env, read once; a bad one is named in one sentence."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import StartupError
from bot.net.web_address import web_address

_HOST: Final = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_WHERE_TO_GET: Final = {
    "DISCORD_TOKEN": "Copy it from the Bot page of your application at https://discord.com/developers/applications.",
    "APIMASTER_API_KEY": "Copy it from the API keys page of your APIMaster account.",
}


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


class Settings(BaseSettings):
    """Everything that can be configured; `.env.example` explains each. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    discord_token: SecretStr | None = None
    discord_api_url: str = "https://discord.com/api/v10"
    # The last two are Discord's own proxies, through which embeds show pictures from the web.
    discord_cdn_hosts: Annotated[tuple[str, ...], NoDecode] = (
        "cdn.discordapp.com",
        "media.discordapp.net",
        "images-ext-1.discordapp.net",
        "images-ext-2.discordapp.net",
    )
    apimaster_api_key: SecretStr | None = None
    apimaster_base_url: str = "https://apimaster.ai"
    apimaster_model: str = "gemini-3.1-flash-image-preview"
    result_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    data_dir: Path = Path("data")
    min_free_mb: int = Field(default=200, ge=0, le=1_000_000)
    first_poll_seconds: float = Field(default=12, gt=0, le=600)
    poll_seconds: float = Field(default=4, gt=0, le=600)
    job_timeout_seconds: float = Field(default=1_200, gt=0, le=86_400)
    per_user_running: int = Field(default=2, ge=1, le=100)
    per_user_pending: int = Field(default=10, ge=1, le=1_000)
    max_running: int = Field(default=100, ge=1, le=10_000)
    max_waiting_while_paused: int = Field(default=1_000, ge=0, le=1_000_000)
    credit_price_1k: Decimal = Field(default=Decimal(1), ge=0, le=1_000_000)
    group_ratio: Decimal = Field(default=Decimal(1), ge=0, le=1_000)
    reference_transport: Literal["auto", "url", "upload", "data"] = "auto"
    balance_probe_seconds: float = Field(default=60, gt=0, le=900)
    low_balance_credits: Decimal = Field(default=Decimal(0), ge=0, le=1_000_000_000)
    owner_ids: Annotated[tuple[int, ...], NoDecode] = ()
    keep_originals_days: float = Field(default=7, ge=0, le=36_500)
    retention_days: float = Field(default=0, ge=0, le=36_500)
    remix_avatars: bool = True
    http_port: int | None = Field(default=None, ge=1, le=65_535)
    http_host: str = "127.0.0.1"
    shard_count: int | None = Field(default=None, ge=1)
    shard_ids: Annotated[tuple[int, ...] | None, NoDecode] = None
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("discord_cdn_hosts", "result_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return (
            tuple(host.strip().lower() for host in value.split(",") if host.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("shard_ids", "owner_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("discord_api_url", "apimaster_base_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        problem = "it must be a URL that starts with https:// or http://"
        try:
            url = urlsplit(value)
            usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
            if usable:
                web_address(value)
        except ValueError as error:
            raise ValueError(f"{problem} ({error})") from None
        if not usable or any(character.isspace() for character in value):
            raise ValueError(problem)
        return value.rstrip("/")

    @field_validator("discord_cdn_hosts")
    @classmethod
    def _some_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("it must name a host at least")
        return value

    @field_validator("discord_cdn_hosts", "result_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(host) for host in value):
            raise ValueError("it must be host names separated by commas, each without https:// (a port may follow)")
        return value

    @field_validator("apimaster_model")
    @classmethod
    def _model_name(cls, value: str) -> str:
        if not value.strip() or any(character.isspace() for character in value.strip()):
            raise ValueError("it must be the name of a model, without blanks")
        return value.strip()

    @field_validator("shard_ids")
    @classmethod
    def _different_shards(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (not value or min(value) < 0 or len(set(value)) < len(value)):
            raise ValueError("it must be different numbers from 0 on, separated by commas")
        return value

    @field_validator("owner_ids")
    @classmethod
    def _user_ids(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 0 < user_id < 2**63 for user_id in value):
            raise ValueError("it must be ids of Discord users, separated by commas")
        return value

    @field_validator("log_format", "log_level", "reference_transport", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        if isinstance(value, str):
            return (
                value.lower() if value.lower() in {"text", "json", "auto", "url", "upload", "data"} else value.upper()
            )
        return value

    @model_validator(mode="after")
    def _shards_belong_together(self) -> Self:
        if self.shard_ids is not None and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("SHARD_IDS is malformed: each id must be below SHARD_COUNT, which must be set too")
        return self

    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, for whoever has to keep them out of texts."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    def require(self, *names: str) -> dict[str, SecretStr]:
        """The secrets that a command cannot do without, by their names; raises StartupError for the first missing."""
        found: dict[str, SecretStr] = {}
        for name in names:
            secret: SecretStr | None = getattr(self, name.lower())
            if secret is None or not secret.get_secret_value().strip():
                raise StartupError(f"{name} is not set. {_WHERE_TO_GET[name]} Put it into .env or the environment.")
            if not all("!" <= character <= "~" for character in secret.get_secret_value().strip()):
                raise StartupError(f"{name} has a blank or a strange character in it. {_WHERE_TO_GET[name]}")
            found[name] = SecretStr(secret.get_secret_value().strip())
        return found


def load_settings() -> Settings:
    """Read the settings; raises StartupError with one sentence that names the first malformed one."""
    try:
        return Settings()
    except ValidationError as error:
        raise StartupError(_malformed(error.errors(include_url=False, include_input=False)[0])) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(_unreadable(error)) from None


def load_what_is_right() -> tuple[Settings, list[str]]:
    """The settings with its default in place of each malformed one, and a sentence for each of those."""
    instead: dict[str, Any] = {}
    troubles: list[str] = []
    while True:
        try:
            return Settings(**instead), troubles
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                troubles.append(_malformed(one))
                for name in (str(one["loc"][0]),) if one["loc"] else ("shard_ids", "shard_count"):
                    instead[name] = Settings.model_fields[name].default
        except (OSError, UnicodeDecodeError) as error:
            troubles.append(_unreadable(error))
            instead["_env_file"] = None


def _malformed(error: ErrorDetails) -> str:
    reason = error["msg"].removeprefix("Value error, ").partition(", unable to")[0]
    what = f"{str(error['loc'][0]).upper()} is malformed: {reason}" if error["loc"] else reason
    return f"{what}. Correct it in .env or the environment."


def _unreadable(error: Exception) -> str:
    return f".env cannot be read: {error}. Correct or remove the file."
