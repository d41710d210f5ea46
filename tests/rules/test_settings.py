"""A setting that cannot be right is refused by name, with what to change."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.config import SettingProblem, Settings, read_settings, refuse_unknown


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
        "https://scim.example.com/api",
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
