"""What DATABASE_URL may be: what the driver accepts, and nothing that makes it fail later."""

import pytest

from service.config import is_url_of_postgres


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:password@host:5432/database",
        "postgres://host",
        "postgresql://user:p@ss@host/database",
        "postgresql://user@[::1]:5432/database",
        "postgresql://user@[::1]/database",
        "postgresql://one:5432,two:5433,three/database",
        "postgresql://postgres@/postgres?host=/run/somewhere&port=5432",
        "postgresql:///database?host=/run/somewhere",
        "postgresql://user@%2Frun%2Fpostgresql/database",
    ],
)
def test_a_url_of_postgres_is_taken(url: str) -> None:
    assert is_url_of_postgres(url)


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "mysql://host/database",
        "postgresql://user@host:notaport/database",
        "postgresql://user@host:99999/database",
        "postgresql://one:5432,two:second/database",
        "postgresql://user@[::1]:x/database",
        "postgresql://user@[::1/database",
        "postgresql:///database?port=x",
    ],
)
def test_what_is_no_url_of_postgres_is_refused(url: str) -> None:
    assert not is_url_of_postgres(url)
