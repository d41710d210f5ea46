"""Settings, from the environment: each is named and explained in the README."""

import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from projections.database_url import read_url

PORT = re.compile(r":([^:\]]*)$")  # Of a host, which may be an IPv6 address in brackets.
PORT_MAX = 65_535
DEFAULT_ORIGIN = "http://127.0.0.1:8080"  # Where clients reach a service with no setting at all.
CHECKOUT = Path(__file__).resolve().parents[1]


def default_data_dir() -> Path:
    """Return the data folder of a checkout (ignored by git), or the user's for an installed package."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".data"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "scim-ledger"


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
    pool_size_max: int = Field(default=12, ge=2, le=200)
    waiting_max: int = Field(default=1_000, ge=1)  # Commands that wait in one organization's lane.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse what the driver would stumble over, without a word of it: a password may be in it."""
        if url is None:
            return url
        if not is_url_of_postgres(url.get_secret_value()):
            raise ValueError("it must be like postgresql://user:password@host:5432/database")
        read_url(url.get_secret_value())
        return url

    @property
    def is_embedded(self) -> bool:
        """Tell whether the service brings its own Postgres."""
        return self.database_url is None

    @property
    def master_key_file(self) -> Path:
        """Return where a master key is kept that no setting gives."""
        return self.data_dir / "master.key"

    @property
    def origin(self) -> str:
        """Return scheme and host under which clients reach the service."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared.
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def is_url_of_postgres(url: str) -> bool:
    """Tell whether a text has the form of a URL of Postgres, with ports that are numbers."""
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
