"""What the gateway can be told: by flag, else by environment variable, else by default."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway_svc.inference import addresses

PREFIX: Final = "LATENTWIRE_GATEWAY_"
_HIDDEN: Final = "**********"
Words = Annotated[tuple[str, ...], NoDecode]


class BadSettings(Exception):
    """A setting that can't be: the message is the sentence to print."""


class Settings(BaseSettings):
    """One gateway process. Read once in `main`, handed down in parts."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 7860
    inference: str = "127.0.0.1:50051"
    inference_token: SecretStr | None = None
    resume_every: Annotated[int, Field(ge=0, le=1000)] = 5
    data_dir: Annotated[
        Path, Field(validation_alias=AliasChoices("data_dir", f"{PREFIX}DATA_DIR", "LATENTWIRE_DATA_DIR"))
    ] = Field(default_factory=lambda: default_data_dir())
    cors_allow_origins: Words = ()
    cors_allow_origins_regex: str | None = None
    api_auth: Annotated[SecretStr | None, Field(description="u:p[,u2:p2]")] = None
    keep_on_disconnect: bool = False
    api_log: bool = False
    api_server_stop: bool = False
    subpath: str = ""
    tls_keyfile: Path | None = None
    tls_certfile: Path | None = None
    timeout_keep_alive: Annotated[int, Field(ge=1, le=3600)] = 30
    freeze_settings: bool = False
    hide_ui_dir_config: bool = False
    supervised: bool = False
    drain_timeout_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    max_body_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024 * 1024
    encoder_threads: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=lambda: os.cpu_count() or 1)

    @field_validator("cors_allow_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("cors_allow_origins_regex")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from None
        return value

    @field_validator("inference")
    @classmethod
    def _address(cls, value: str) -> str:
        return ",".join(addresses.entries(value))

    @field_validator("api_auth")
    @classmethod
    def _pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            passwords(value.get_secret_value())
        return value

    @field_validator("subpath")
    @classmethod
    def _folder(cls, value: str) -> str:
        path = value.strip("/")
        if not re.fullmatch(r"[A-Za-z0-9_.~/-]*", path) or "//" in path:
            raise ValueError(f"{value!r} is not allowed; allowed: letters, digits and _.~- between slashes")
        return f"/{path}" if path else ""

    @field_validator("tls_keyfile", "tls_certfile")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not os.access(value, os.R_OK):
            raise ValueError(f"{value} can't be read")
        return value

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.tls_keyfile is None) != (self.tls_certfile is None):
            raise ValueError("tls_keyfile and tls_certfile go together: give both, or neither")
        return self

    @property
    def users(self) -> Mapping[str, str]:
        """Passwords by user name; empty where anybody may come in."""
        return passwords(self.api_auth.get_secret_value()) if self.api_auth else {}


def default_data_dir() -> Path:
    """Where options and pictures go when nobody says."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "latentwire"


def passwords(text: str) -> dict[str, str]:
    """Reads `u:p,u2:p2`. Raises ValueError where a pair has no name or no colon, or a name is too long."""
    pairs: dict[str, str] = {}
    for pair in text.split(","):
        user, colon, password = pair.strip().partition(":")
        if not (user and colon) or len(user) > 128:
            raise ValueError("expected user:password[,user:password], names of at most 128 characters")
        pairs[user] = password
    return pairs


def read(flags: Mapping[str, object]) -> Settings:
    """The settings, flags before environment. Raises BadSettings."""
    _refuse_unknown(os.environ)
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = f"{'.'.join(map(str, first['loc']))}: " if first["loc"] else ""
        raise BadSettings(f"{where}{first['msg'].removeprefix('Value error, ')}.") from None


def shown(settings: Settings) -> str:
    """The settings as JSON without what is secret."""
    values = settings.model_dump(mode="json")
    hidden = {name: _HIDDEN for name in ("api_auth", "inference_token") if values[name] is not None}
    return json.dumps({**values, **hidden}, indent=2)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            raise BadSettings(f"{name} is not a setting of the gateway.")
