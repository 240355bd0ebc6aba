"""Every setting, from the environment and `.env`, checked once when a command starts.

Built in ``cli`` (or by the plugin's host), never at import. Knows what values are allowed, not
what they are used for.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bowerbird.personalization.training.executor import ALL_LINEAR

DISCORD_API = "https://discord.com/api/v10"
DEFAULT_SYSTEM_PROMPT = "You are a helpful AI assistant. Answer in a few friendly sentences."
"""Chosen by measurement (docs/LOG.md): told its name, SmolLM2 begins replies with parts of it."""


def _split(value: Any) -> Any:
    """``"a, b"`` → ``("a", "b")``; a list given in code stays as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Names, meanings and defaults are listed in `.env.example`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    discord_token: SecretStr = SecretStr("")
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None

    data_dir: Path = Path("data")
    models_dir: Path = Field(default_factory=lambda data: data["data_dir"] / "models")
    database_url: SecretStr | None = None

    base_model: str = "smollm2-135m"
    system_prompt: str = DEFAULT_SYSTEM_PROMPT
    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16", "int8"] = "auto"
    compute_threads: Literal["auto"] | Annotated[int, Field(ge=1, le=256)] = "auto"
    generation_backend: Literal["torch"] = "torch"
    max_batch: int = Field(8, ge=1, le=256)
    max_new_tokens: int = Field(256, ge=1, le=4096)
    candidates: int = Field(4, ge=1, le=16)
    retrieval: bool = True
    generation_memory_mb: Literal["auto"] | Annotated[int, Field(ge=64)] = "auto"

    lora_rank: int = Field(8, ge=1, le=256)
    lora_targets: Names = ALL_LINEAR
    nightly_at: time = time(3, 30)
    night_budget_minutes: int = Field(240, ge=1)
    timezone: str = "UTC"
    min_feedback: int = Field(8, ge=1)
    training_acknowledged: bool = False
    train_on: Literal["all", "interactions"] = "all"
    learn_from_sentiment: bool = True
    train_executor: Literal["subprocess"] = "subprocess"
    adapter_scope: Literal["guild", "global"] = "guild"
    retention_days: int = Field(365, ge=1)
    privacy_url: str | None = Field(None, pattern=r"^https?://\S+$")

    dm_cooldown_s: int = Field(0, ge=0, le=86_400)
    dm_daily_replies: int = Field(0, ge=0)
    daily_tokens: int = Field(0, ge=0)

    positive_emoji: Names = ("👍", "❤️", "🔥")
    negative_emoji: Names = ("👎",)

    metrics_port: int = Field(0, ge=0, le=65535)
    log_format: Literal["text", "json"] = "text"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"unknown time zone {value!r}; use a name such as Europe/Berlin")
        return value

    @field_validator("lora_targets", "positive_emoji", "negative_emoji")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("needs at least one entry")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.discord_api_url is None) != (self.discord_gateway_url is None):
            raise ValueError("set both DISCORD_API_URL and DISCORD_GATEWAY_URL, or neither")
        both = set(self.positive_emoji) & set(self.negative_emoji)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} is in POSITIVE_EMOJI and NEGATIVE_EMOJI")
        return self

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the database, the file under ``data_dir`` unless told otherwise."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{(self.data_dir / 'bowerbird.db').absolute()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any log line."""
        secrets = [self.discord_token.get_secret_value()]
        if self.database_url is not None:
            secrets.append(urlsplit(self.database_url.get_secret_value()).password or "")
        return tuple(secret for secret in secrets if secret)

    @property
    def rest_url(self) -> str:
        """Where Discord's REST API is, without a slash at the end."""
        return (self.discord_api_url or DISCORD_API).rstrip("/")

    @property
    def adapters_dir(self) -> Path:
        return self.data_dir / "adapters"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
