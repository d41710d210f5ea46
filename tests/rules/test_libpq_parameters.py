"""libpq's parameters in DATABASE_URL are understood or refused by name; server settings go to the server."""

import pytest
from pydantic import ValidationError

from eventstore.postgres.database_url import UnusableUrl, read_url
from service.cli.process.problems import line_of
from service.config import Settings

BASE = "postgresql://user:secret@host:5432/database"


@pytest.mark.parametrize(
    "parameters",
    [
        "connect_timeout=5",
        "channel_binding=prefer",
        "channel_binding=disable",
        "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3",
        "keepalives=0",
        "tcp_user_timeout=5000",
        "application_name=ledger&fallback_application_name=x",
        "client_encoding=auto",
        "client_encoding=UTF8",
        "gssencmode=prefer",
        "load_balance_hosts=disable",
        "sslcompression=0&sslsni=1&sslcertmode=allow",
        "min_protocol_version=3.0&max_protocol_version=latest",
        "replication=off",
    ],
)
def test_what_the_driver_does_anyway_or_we_do_for_it_is_not_sent_to_the_server(
    parameters: str,
) -> None:
    assert read_url(f"{BASE}?{parameters}").dsn == BASE


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        "sslnegotiation=direct",
        "target_session_attrs=read-write",
        "passfile=%2Fhome%2Fada%2F.pgpass",
        "options=-c+work_mem%3D64MB",
        "role=owner",
        "host=%2Frun%2Fpostgresql&port=5433",
    ],
)
def test_what_the_driver_knows_and_the_server_s_settings_are_left(parameters: str) -> None:
    assert read_url(f"{BASE}?{parameters}").dsn == f"{BASE}?{parameters}"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ("channel_binding=require", "channel_binding=require"),
        ("client_encoding=LATIN1", "client_encoding=LATIN1"),
        ("gssencmode=require", "gssencmode=require"),
        ("load_balance_hosts=random", "load_balance_hosts=random"),
        ("replication=database", "replication=database"),
        ("sslcertmode=require", "sslcertmode=require"),
        ("hostaddr=10.0.0.1", "hostaddr"),
        ("require_auth=scram-sha-256", "require_auth"),
        ("requirepeer=postgres", "requirepeer"),
        ("requiressl=1", "requiressl"),
        ("sslcrldir=%2Fetc", "sslcrldir"),
        ("oauth_issuer=https%3A%2F%2Fid", "oauth_issuer"),
        ("target_session_attrs=writable", "target_session_attrs"),
        ("connect_timeout=soon", "connect_timeout"),
        ("keepalives_idle=x", "keepalives_idle"),
        ("connect_timeout", "name=value"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name_and_without_the_password(
    parameters: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{BASE}?{parameters}")
    with pytest.raises(UnusableUrl, match=named):
        read_url(f"{BASE}?{parameters}")
    with pytest.raises(ValidationError) as refused:
        Settings()

    line = line_of(refused.value)
    assert line.startswith("Setting DATABASE_URL: ")
    assert named in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5.0), ("1", 2.0), ("0", None), ("-1", None), ("", None)]
)
def test_a_timeout_is_read_as_libpq_reads_it(text: str, seconds: float | None) -> None:
    assert read_url(f"{BASE}?connect_timeout={text}").timeout_s == seconds


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("postgresql://one,two/database", "primary"),
        ("postgresql://one:5432,two:5433/database", "primary"),
        ("postgresql:///database?host=one,two", "primary"),
        ("postgresql://one,two/database?target_session_attrs=any", None),
        ("postgresql://one/database", None),
        ("postgresql://a,b:c,d@one/database", None),
    ],
)
def test_of_several_hosts_the_one_that_takes_writes_is_used(url: str, target: str | None) -> None:
    assert read_url(url).target == target
