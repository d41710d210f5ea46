"""Settings, from the environment. docs/reference/settings.md explains each one."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from eventstore.postgres.database_url import read_url

PORT = re.compile(r":([^:\]]*)$")  # At the end of a host, which may be an IPv6 address in brackets.
PORT_MAX = 65_535
PREFIX = "SCIM_LEDGER_"
TESTING = (f"{PREFIX}TEST_", f"{PREFIX}FUZZ_")  # Variables of the project's own tests.
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
DATA_DIR_BYTES_MAX = 900  # PostgreSQL limits paths to 1,024 bytes, and some of its files lie deep.
PUBLIC_URL = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?/?", re.IGNORECASE)
CHECKOUT = Path(__file__).resolve().parents[1]


def default_data_dir() -> Path:
    """Return the data folder of a checkout (ignored by git), or the user's for an installed package."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".data"
    if home := os.environ.get("XDG_DATA_HOME"):
        return Path(home) / "scim-ledger"
    try:
        return Path.home() / ".local" / "share" / "scim-ledger"
    except RuntimeError as error:  # No HOME, and an account without an entry.
        raise SettingProblem(
            "This account has no home folder: set SCIM_LEDGER_DATA_DIR."
        ) from error


class CannotListen(Exception):
    """The port or the address is unavailable."""


class SettingProblem(Exception):
    """A setting cannot be used; the message says which one, and what to change."""


def read_settings(environ: Mapping[str, str]) -> "Settings":
    """Return the settings of an environment. Errors: SettingProblem, pydantic's ValidationError."""
    refuse_unknown(environ)
    for name in (*known_variables(), "XDG_DATA_HOME"):
        refuse_undecodable(name, environ.get(name, ""))
    return Settings()


def known_variables() -> list[str]:
    """Return the names of the environment variables that are settings."""
    return [
        str(field.validation_alias or PREFIX + name.upper())
        for name, field in Settings.model_fields.items()
    ]


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raise SettingProblem for a variable that only looks like a setting: a typo must not be silent."""
    known = known_variables()
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or name.upper().startswith(TESTING):
            continue
        if name.upper() not in known:
            named = {each.removeprefix(PREFIX): each for each in known}
            near = get_close_matches(name.upper().removeprefix(PREFIX), named, n=1)
            meant = (
                f"did you mean {named[near[0]]}?"
                if near
                else f"the settings are {', '.join(known)}."
            )
            raise SettingProblem(f"There is no setting {name}: {meant} Rename it or unset it.")


def refuse_undecodable(name: str, value: str) -> None:
    """Raise SettingProblem for a value that is not text; the data folder may be any bytes."""
    if name == f"{PREFIX}DATA_DIR":
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SettingProblem(f"Setting {name} is not text in UTF-8: write it in UTF-8.") from error


class Settings(BaseSettings):
    """What an operator can set. Durations end in _s, sizes in _max or _bytes."""

    model_config = SettingsConfigDict(
        env_prefix="SCIM_LEDGER_", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=PORT_MAX)
    public_url: str | None = None  # Scheme and host that clients use, when a proxy stands in front.
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    master_key: SecretStr | None = None  # Base64 of 32 bytes.
    next_master_key: SecretStr | None = None  # The one that is to replace it, for a rotation.
    pool_size_max: int = Field(default=12, ge=2, le=200)
    waiting_max: int = Field(default=1_000, ge=1)  # Commands that wait in one organization's lane.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse a URL that the driver cannot use. The message never quotes it, since it may hold a password."""
        if url is None:
            return url
        if not is_url_of_postgres(url.get_secret_value()):
            raise ValueError("it must be like postgresql://user:password@host:5432/database")
        read_url(url.get_secret_value())
        return url

    @field_validator("data_dir")
    @classmethod
    def _check_data_dir(cls, path: Path) -> Path:
        """Refuse paths that PostgreSQL cannot use."""
        text = str(path)
        if CONTROLS.search(text):
            raise ValueError("its path holds a line break or a control character; choose another")
        if len(os.fsencode(path.absolute())) > DATA_DIR_BYTES_MAX:
            raise ValueError(
                f"its path is longer than {DATA_DIR_BYTES_MAX} bytes; choose a shorter one"
            )
        return path

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str | None) -> str | None:
        """Refuse a URL that no client could use: it is shown as the tenant URL and sent in every location."""
        if url is None:
            return None
        found = PUBLIC_URL.fullmatch(url)
        if found and int((found[2] or ":1")[1:]) in range(1, PORT_MAX + 1):
            return url
        raise ValueError(
            "it must be a scheme and a host, like https://scim.example.com or http://10.0.0.5:8080, "
            "without a path"
        )

    @property
    def is_embedded(self) -> bool:
        """Return whether the service runs its own Postgres."""
        return self.database_url is None

    @property
    def master_key_file(self) -> Path:
        """Return the file of the master key, for when no setting gives the key."""
        return self.data_dir / "master.key"

    @property
    def origin(self) -> str:
        """Return the scheme and host at which clients reach the service."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only compared.
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def is_url_of_postgres(url: str) -> bool:
    """Return whether a text has the form of a Postgres URL, with ports that are numbers."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    ports = [found[1] for each in hosts if (found := PORT.search(each))]
    ports += ",".join(parse_qs(parts.query).get("port", [])).split(",")
    return parts.scheme in {"postgres", "postgresql"} and all(map(_is_port, ports))


def _is_port(text: str) -> bool:
    return not text or (text.isdecimal() and 0 < int(text) <= PORT_MAX)
