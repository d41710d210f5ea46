"""A setting that cannot be right is refused by name, with what to change."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.config import (
    SettingProblem,
    Settings,
    known_variables,
    read_settings,
    refuse_unknown,
    secret_fields,
    variable_of,
)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SCIM_LEDGER_PROT", "SCIM_LEDGER_PORT"),
        ("SCIM_LEDGER_PUBLIC_URI", "SCIM_LEDGER_PUBLIC_URL"),
        ("SCIM_LEDGER_DATADIR", "SCIM_LEDGER_DATA_DIR"),
        ("SCIM_LEDGER_MASTERKEY", "SCIM_LEDGER_MASTER_KEY"),
        ("SCIM_LEDGER_LOGLEVEL", "SCIM_LEDGER_LOG_LEVEL"),
        ("SCIM_LEDGER_DATABASE_URL", "DATABASE_URL"),
        ("scim_ledger_prot", "SCIM_LEDGER_PORT"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_one(name: str, near: str) -> None:
    with pytest.raises(SettingProblem, match=rf"no setting {name}: did you mean {near}\?"):
        refuse_unknown({name: ""})


def test_a_setting_that_is_like_none_is_refused_with_all_of_them() -> None:
    with pytest.raises(SettingProblem, match=r"SCIM_LEDGER_XYZZY12345: the settings are .*_PORT"):
        refuse_unknown({"SCIM_LEDGER_XYZZY12345": "1"})


@pytest.mark.parametrize(
    "name",
    ["SCIM_LEDGER_PORT", "scim_ledger_port", "SCIM_LEDGER_TEST_POSTGRES", "PATH", "SCIM_OTHER"],
)
def test_a_setting_and_what_is_none_of_ours_are_left_alone(name: str) -> None:
    refuse_unknown({name: "x"})


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "scim.example.com",
        "ftp://scim.example.com",
        "https://",
        "https:///x",
        "https://scim.example.com//api",
        "https://scim.example.com/a b",
        'https://scim.example.com/"',
        "https://scim.example.com?x=1",
        "https://scim.example.com#x",
        "https://user:secret@scim.example.com",
        "https://scim.example.com:0",
        "https://scim.example.com:65536",
        "https://scim.example.com:x",
        "https://scim example.com",
        "https://scim.example.com\n",
        " https://scim.example.com",
    ],
)
def test_a_public_url_that_no_client_could_use_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="it must be a scheme and a host"):
        Settings(public_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://scim.example.com",
        "https://scim.example.com/",
        "HTTPS://scim.example.com:8443",
        "http://10.0.0.5:8080",
        "http://[::1]:8080",
        "http://localhost",
        "https://example.com/provisioning",
        "https://example.com/a/b-c.d/",
    ],
)
def test_a_public_url_of_scheme_and_host_is_taken(url: str) -> None:
    assert Settings(public_url=url).origin == url.rstrip("/")


@pytest.mark.parametrize("path", ["/x/a\nb", "/x/a\rb", "/x/a\tb", "/x/" + "long/" * 200])
def test_a_data_folder_that_postgres_cannot_name_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="its path"):
        Settings(data_dir=Path(path))


@pytest.mark.parametrize("name", ["SCIM_LEDGER_HOST", "SCIM_LEDGER_MASTER_KEY", "DATABASE_URL"])
def test_a_setting_that_is_not_utf8_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingProblem, match=f"Setting {name} is not text in UTF-8"):
        read_settings({**os.environ, name: "\udcff"})


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give an environment without settings, as the process has it."""
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    return {}


@pytest.mark.parametrize("variable", ["DATABASE_URL", "SCIM_LEDGER_OWNER_DATABASE_URL"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_be_in_a_file(
    environ: dict[str, str], tmp_path: Path, variable: str, end: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"postgresql://ada:p%20w@db/x{end}", newline="")
    settings = read_settings({**environ, f"{variable}_FILE": str(file)})
    [url] = [each for each in (settings.database_url, settings.owner_database_url) if each]
    assert (url.get_secret_value(), settings.is_embedded) == ("postgresql://ada:p%20w@db/x", False)


def test_every_secret_may_be_in_a_file() -> None:
    variables = known_variables()
    secrets = [variable_of(each) for each in secret_fields()]
    assert {f"{each}_FILE" for each in secrets} <= set(variables)
    assert {"DATABASE_URL", "SCIM_LEDGER_MASTER_KEY"} <= set(secrets)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "is not text in UTF-8"),
    ],
)
def test_a_file_without_a_secret_is_refused_by_name(
    environ: dict[str, str], tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingProblem, match=f"SCIM_LEDGER_MASTER_KEY_FILE: {file} {problem}"):
        read_settings({**environ, "scim_ledger_master_key_file": str(file)})


def test_a_secret_that_is_given_twice_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://a@b/c", "DATABASE_URL_FILE": str(tmp_path / "secret")}
    with pytest.raises(SettingProblem, match="are both set: unset one of them"):
        read_settings({**environ, **given})


def test_a_file_with_an_unusable_url_is_refused_without_showing_it(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("mysql://ada:hidden@db/x")
    with pytest.raises(ValidationError) as refused:
        read_settings({**environ, "DATABASE_URL_FILE": str(tmp_path / "secret")})
    assert refused.value.errors()[0]["loc"] == ("DATABASE_URL",)
    assert "hidden" not in refused.value.errors()[0]["msg"]
