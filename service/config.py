"""Settings, from the environment. docs/reference/settings.md explains each one."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from eventstore.postgres.database_url import read_url
from service.addresses import Network, read_hosts, read_networks

PORT = re.compile(r":([^:\]]*)$")  # At the end of a host, which may be an IPv6 address in brackets.
PORT_MAX = 65_535
PREFIX = "SCIM_LEDGER_"
TESTING = (f"{PREFIX}TEST_", f"{PREFIX}FUZZ_")  # Variables of the project's own tests.
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
DATA_DIR_BYTES_MAX = 900  # PostgreSQL limits paths to 1,024 bytes, and some of its files lie deep.
PUBLIC_URL = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?(/[a-z0-9_.~-]+)*/?", re.IGNORECASE
)
WEB_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?", re.IGNORECASE)
HTTP_HERE = ("http://127.0.0.1:", "http://localhost:")  # Plain HTTP is for this machine alone.
# Where Microsoft Entra issues tokens: worldwide, for the US government, in China.
ENTRA_HOSTS = (
    "login.microsoftonline.com, sts.windows.net, login.microsoftonline.us, "
    "login.partner.microsoftonline.cn"
)
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
    return Settings(**secrets_in_files(environ))


def known_variables() -> list[str]:
    """Return the names of the environment variables that are settings. A secret may also be in a file."""
    return [*map(variable_of, Settings.model_fields), *map(file_variable_of, secret_fields())]


def variable_of(field: str) -> str:
    """Return the environment variable of a setting."""
    return str(Settings.model_fields[field].validation_alias or PREFIX + field.upper())


def file_variable_of(field: str) -> str:
    """Return the environment variable that names the file of a secret setting."""
    return f"{variable_of(field)}_FILE"


def secret_fields() -> list[str]:
    """Return the names of the settings that are secrets."""
    return [
        name
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    ]


def secrets_in_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the secrets that files hold, without the line break at their end. Errors: SettingProblem."""
    found: dict[str, Any] = {}
    given = {name.upper(): value for name, value in environ.items()}
    for field in secret_fields():
        variable, file_variable = variable_of(field), file_variable_of(field)
        if not (path := given.get(file_variable)):
            continue
        if given.get(variable):
            raise SettingProblem(f"{variable} and {file_variable} are both set: unset one of them.")
        name = str(Settings.model_fields[field].validation_alias or field)  # As a problem names it.
        found[name] = SecretStr(read_secret(file_variable, Path(path)))
    return found


def read_secret(name: str, file: Path) -> str:
    """Return what a file holds, which a setting names. Errors: SettingProblem."""
    try:
        secret = file.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingProblem(f"Setting {name}: {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingProblem(f"Setting {name}: {file} is not text in UTF-8.") from error
    if not secret:
        raise SettingProblem(f"Setting {name}: {file} is empty.")
    return secret


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
    workers: int = Field(default=1, ge=1, le=64)  # Processes that serve.
    drain_seconds: int = Field(default=0, ge=0, le=15)  # From the order to stop on, still serving.
    # Scheme and host that clients use when a proxy stands in front, and the path that the proxy takes off.
    public_url: str | None = None
    console: bool = True  # Serve the web console at /console/.
    # Sign-in to the console at an identity provider (OpenID Connect).
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = "openid profile email"
    oidc_person_claim: str = "sub"  # Its value is the externalId of the person; Entra's is oid.
    oidc_user_name_claim: str | None = None  # Its value is the userName, if no externalId matches.
    oidc_organization_claim: str | None = (
        None  # Its value is the name or the id of the organization.
    )
    oidc_roles_claim: str | None = None  # It may name auditor and operator.
    allowed_hosts: str = ""  # Further hosts that a Host header may name, separated by commas.
    trusted_proxies: str = (
        ""  # Addresses and networks whose X-Forwarded-For counts, separated by commas.
    )
    requests_per_second: int | None = Field(default=None, ge=1)  # Of one organization.
    burst: int | None = Field(default=None, ge=1)  # Its requests at once.
    token_requests_per_second: int | None = Field(default=None, ge=1)  # Of one token.
    token_burst: int | None = Field(default=None, ge=1)
    events_per_day: int | None = Field(default=None, ge=1)  # Of one organization.
    requests_kept_days: int = Field(default=90, ge=1, le=3_650)  # Refused and unchanged ones.
    requests_kept_per_day: int = Field(default=10_000, ge=1)  # Of one organization, of each kind.
    failed_authentications_per_minute: int = Field(default=60, ge=1)  # Of one client address.
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    # The owner's, where DATABASE_URL is of a login that owns nothing: for what changes tables.
    owner_database_url: SecretStr | None = None
    read_database_url: SecretStr | None = None  # A streaming replica, for reads.
    # remote_apply: an answer waits until the synchronous standby shows what was written.
    synchronous_commit: Literal["on", "remote_apply"] = "on"
    master_key: SecretStr | None = None  # Base64 of 32 bytes.
    next_master_key: SecretStr | None = None  # The one that is to replace it, for a rotation.
    pool_size_max: int = Field(default=12, ge=2, le=200)
    waiting_max: int = Field(default=1_000, ge=1)  # Commands that wait in one organization's lane.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    outside_copy: str | None = None  # A folder or a URL; by default a folder beside the master key.
    outside_webhook: str | None = None  # Gets each kept checkpoint.
    outside_copy_required: bool = False  # /readyz is 503 while the copy outside is late.
    # A loss of so many seconds of a log's end is declared by the service itself, after a failover to a standby.
    accept_lost_tail_s: int = Field(default=0, ge=0, le=3_600)
    # How long the operator keeps physical copies of the database: receipts of erasures say so.
    backup_retention_days: int = Field(default=30, ge=0, le=3_650)
    access_token_minutes: int = Field(default=60, ge=60, le=360)  # Entra wants one to six hours.
    issuer_hosts: str = ENTRA_HOSTS  # Of the issuers of federated clients.
    issuers_may_be_private: bool = False
    webhooks_may_be_private: bool = False
    smtp_host: str | None = None  # Of the server that takes mail; without it none is sent.
    smtp_port: int = Field(default=587, ge=1, le=PORT_MAX)
    smtp_from: str = "scim-ledger@localhost"
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    nats_url: SecretStr | None = None  # Of `feed nats`; it may hold a password.

    @field_validator("database_url", "owner_database_url", "read_database_url")
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
            "it must be a scheme and a host, like https://scim.example.com or http://10.0.0.5:8080, and the "
            "path that the proxy in front takes off, if it takes one off"
        )

    @field_validator("oidc_issuer")
    @classmethod
    def _check_oidc_issuer(cls, url: str | None) -> str | None:
        """Refuse what is no URL of an issuer: OIDC Core §2 allows https only, and we plain HTTP to this machine."""
        if url is None:
            return None
        if WEB_URL.fullmatch(url) and url.startswith(("https://", *HTTP_HERE)):
            return url
        raise ValueError("it must be the issuer's URL, like https://login.example.com/tenant/v2.0")

    @field_validator("outside_copy")
    @classmethod
    def _check_outside_copy(cls, place: str | None) -> str | None:
        """Refuse what is neither a folder nor a URL."""
        if place is None or (place.startswith("/") and not CONTROLS.search(place)):
            return place
        if WEB_URL.fullmatch(place):
            return place.rstrip("/")
        raise ValueError("it must be the path of a folder, from /, or a URL like https://host/path")

    @field_validator("outside_webhook")
    @classmethod
    def _check_outside_webhook(cls, url: str | None) -> str | None:
        """Refuse what is no URL."""
        if url is None or WEB_URL.fullmatch(url):
            return url
        raise ValueError("it must be a URL like https://host/path")

    @property
    def outside_folder(self) -> Path | None:
        """Return the folder of the copy outside; None if it is at a URL."""
        if self.outside_copy is None:
            return self.data_dir / "checkpoints"
        return Path(self.outside_copy) if self.outside_copy.startswith("/") else None

    @field_validator("allowed_hosts")
    @classmethod
    def _check_allowed_hosts(cls, text: str) -> str:
        """Refuse a list that holds something other than hosts."""
        try:
            read_hosts(text)
        except ValueError:
            raise ValueError(
                "it must be hosts separated by commas, like scim.example.com, 10.0.0.5:8080"
            ) from None
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _check_trusted_proxies(cls, text: str) -> str:
        """Refuse a list that holds something other than addresses and networks."""
        try:
            read_networks(text)
        except ValueError:
            raise ValueError(
                "it must be addresses or networks separated by commas, like 10.0.0.5, 10.1.0.0/16"
            ) from None
        return text

    @property
    def allowed_host_names(self) -> tuple[str, ...]:
        """Return the further hosts that a Host header may name."""
        return read_hosts(self.allowed_hosts)

    @property
    def proxy_networks(self) -> tuple[Network, ...]:
        """Return the addresses and networks of the trusted proxies."""
        return read_networks(self.trusted_proxies)

    @property
    def is_embedded(self) -> bool:
        """Return whether the service runs its own Postgres."""
        return self.database_url is None and self.owner_database_url is None

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
