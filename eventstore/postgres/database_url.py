"""Read the parameters of a Postgres URL. The driver would pass those of libpq on to the server.

Each parameter of libpq is either supported or refused by name. Any other name is a setting of the server.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NoReturn
from urllib.parse import (
    SplitResult,
    parse_qs,
    quote,
    unquote,
    urlencode,
    urlsplit,
    urlunsplit,
)

PORT = re.compile(r":\d+$")  # At the end of a host, which may be an IPv6 address in brackets.
TIMEOUT_S_MIN = 2.0  # libpq reads connect_timeout=1 as 2.
UTF8 = frozenset({"auto", "utf8", "utf-8", "unicode"})
# What the driver does in any case, and the values that ask for just that. It cannot do what others ask for.
AS_IT_IS: Final[Mapping[str, frozenset[str]]] = {
    "channel_binding": frozenset({"disable", "prefer"}),
    "client_encoding": UTF8,
    "gssdelegation": frozenset({"0"}),
    "gssencmode": frozenset({"disable", "prefer"}),
    "load_balance_hosts": frozenset({"disable"}),
    "max_protocol_version": frozenset({"3.0", "3.2", "latest"}),
    "min_protocol_version": frozenset({"3.0"}),
    "replication": frozenset({"false", "off", "no", "0"}),
    "sslcertmode": frozenset({"allow"}),
    "sslcompression": frozenset({"0", "1"}),  # libpq itself has ignored it since version 14.
    "sslsni": frozenset({"1"}),
}
# Our connections have names of our own, because we look them up by name.
NAMES = frozenset({"application_name", "fallback_application_name"})
SOCKET = (
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
REFUSED: Final[Mapping[str, str]] = {
    "channel_binding": "use sslmode=verify-full",
    "client_encoding": "leave it out: it is always UTF8",
    "hostaddr": "write the address as the host",
    "load_balance_hosts": "list the hosts in the order to try them in",
    "requirepeer": "leave it out",
    "requiressl": "use sslmode=require",
    "sslcrldir": "use sslcrl",
}
NOT_OURS = frozenset(
    {"hostaddr", "requirepeer", "requiressl", "require_auth", "scram_client_key"}
    | {"scram_server_key", "sslcrldir", "sslkeylogfile", "oauth_issuer", "oauth_client_id"}
    | {"oauth_client_secret", "oauth_scope"}
)
SESSION_ATTRIBUTES = frozenset(
    {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}
)

# Parameters that belong to one login. They are left out for another.
OF_ONE_LOGIN = frozenset({"database", "dbname", "passfile", "password", "role", "user"})


class UnusableUrl(ValueError):
    """DATABASE_URL asks for something unsupported. The message names the parameter, and no secret value."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A URL as the driver takes it, and the parameters that the driver cannot take from a URL."""

    dsn: str = field(repr=False)
    timeout_s: float | None = None  # For connecting. None: the caller's default.
    socket: Mapping[str, int] = field(default_factory=dict)  # By libpq's names.
    target: str | None = None  # None: the URL decides.
    # If the URL names several servers: their names, and the URL of each, as the driver takes it.
    hosts: tuple[str, ...] = ()
    each: tuple[str, ...] = field(default=(), repr=False)
    wants: str = "any"  # Its target_session_attrs.


@lru_cache(maxsize=16)
def read_url(url: str) -> DatabaseUrl:
    """Return what a URL asks for. Errors: UnusableUrl."""
    parts = urlsplit(url)
    try:
        query = {name: each[-1] for name, each in _query(parts.query).items()}
    except ValueError as error:
        raise UnusableUrl("its parameters must be like ?name=value&name=value") from error
    _refuse_what_is_unknown(query)
    passed_on = {name: each for name, each in query.items() if not _is_read_here(name)}
    hosts = _hosts(parts.netloc, query)
    return DatabaseUrl(
        dsn=urlunsplit(parts._replace(query=urlencode(passed_on))),
        timeout_s=_timeout(query.get("connect_timeout")),
        socket={name: _whole(name, query[name]) for name in SOCKET if name in query},
        # Of several hosts, choose the one that accepts writes: a standby refuses them.
        target="primary" if len(hosts) > 1 and "target_session_attrs" not in query else None,
        hosts=hosts if len(hosts) > 1 else (),
        wants=query.get("target_session_attrs", "any"),
        each=tuple(_of_one(parts, passed_on, host) for host in hosts) if len(hosts) > 1 else (),
    )


def login_of(url: str) -> tuple[str | None, str | None]:
    """Return the user and the password that a URL names."""
    parts = urlsplit(url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    query = {name: each[-1] for name, each in _query(parts.query).items()}
    return (
        query.get("user", unquote(user) if at else None),
        query.get("password", unquote(password) if colon else None),
    )


def with_login(url: str, *, user: str, password: str, database: str) -> str:
    """Return the URL of a database on the same server, for another login."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2]
    query = {
        name: each[-1] for name, each in _query(parts.query).items() if name not in OF_ONE_LOGIN
    }
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(
        parts._replace(
            netloc=f"{login}@{hosts}", path=f"/{quote(database, safe='')}", query=urlencode(query)
        )
    )


def _hosts(netloc: str, query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the servers that a URL names, each with its port if it has one. Errors: UnusableUrl."""
    at = netloc.rpartition("@")[2]
    hosts = (at or query.get("host", "")).split(",")
    if at and "port" not in query:
        return tuple(hosts)
    if not at:
        hosts = [each if each.startswith("[") else quote(each, safe=":") for each in hosts]
    ports = query.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise UnusableUrl("its parameter port must name one port, or as many as there are hosts")
    return tuple(
        f"{host}:{port}" if port and not PORT.search(host) else host
        for host, port in zip(hosts, ports, strict=True)
    )


def _of_one(parts: SplitResult, query: Mapping[str, str], host: str) -> str:
    """Return the URL of one of its servers."""
    userinfo, at, _ = parts.netloc.rpartition("@")
    kept = {name: each for name, each in query.items() if name not in {"host", "port"}}
    return urlunsplit(parts._replace(netloc=f"{userinfo}{at}{host}", query=urlencode(kept)))


def _query(text: str) -> dict[str, list[str]]:
    return parse_qs(text, strict_parsing=True, keep_blank_values=True) if text else {}


def _is_read_here(name: str) -> bool:
    return name in NAMES or name in AS_IT_IS or name in SOCKET or name == "connect_timeout"


def _refuse_what_is_unknown(query: Mapping[str, str]) -> None:
    for name, value in query.items():
        if name in NOT_OURS or value.lower() not in AS_IT_IS.get(name, {value.lower()}):
            _refuse(name, f"={value}" if name in AS_IT_IS else "")
    attributes = query.get("target_session_attrs", "any")
    if attributes not in SESSION_ATTRIBUTES:
        raise UnusableUrl(
            f"target_session_attrs must be one of {', '.join(sorted(SESSION_ATTRIBUTES))}"
        )


def _refuse(name: str, value: str) -> NoReturn:
    remedy = REFUSED.get(name, "leave it out")
    raise UnusableUrl(f"its parameter {name}{value} is not supported: {remedy}")


def _timeout(text: str | None) -> float | None:
    """Return the seconds, or None if libpq would wait forever."""
    seconds = _whole("connect_timeout", text or "0")
    return max(TIMEOUT_S_MIN, float(seconds)) if seconds > 0 else None


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UnusableUrl(f"its parameter {name} must be a whole number") from error
