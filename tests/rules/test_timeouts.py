"""Who waits longer than whom. Some of these orders keep a promise."""

import pytest

from eventstore.postgres.hosts import HOST_TIMEOUT_S
from eventstore.postgres.pool import ACQUIRE_TIMEOUT_S
from service.background import followers
from service.database.pool import COMMAND_TIMEOUT_S, SESSION
from service.write.lane import BATCH_TIMEOUT_S, COMMIT_TIMEOUT_S


def seconds(setting: str) -> float:
    """Return a setting of Postgres such as 30s, in seconds."""
    assert setting.endswith("s")
    assert not setting.endswith("ms")
    return float(setting.removesuffix("s"))


@pytest.mark.parametrize(
    "ours_s",
    [COMMIT_TIMEOUT_S, COMMAND_TIMEOUT_S, BATCH_TIMEOUT_S],
    ids=["commit", "command", "batch"],
)
def test_we_stop_waiting_before_postgres_reports_an_unreplicated_commit_as_done(
    ours_s: float,
) -> None:
    # At its statement_timeout, a COMMIT that waits for a synchronous standby succeeds with a warning.
    assert ours_s < seconds(SESSION["statement_timeout"])


def test_a_commit_is_given_up_before_its_batch() -> None:
    # A timeout of the batch could not know whether COMMIT was sent.
    assert COMMIT_TIMEOUT_S < BATCH_TIMEOUT_S


def test_a_lock_is_given_up_before_its_statement() -> None:
    assert seconds(SESSION["lock_timeout"]) < seconds(SESSION["statement_timeout"])


def test_whoever_waits_for_a_connection_waits_longer_than_for_one_silent_server() -> None:
    assert HOST_TIMEOUT_S < ACQUIRE_TIMEOUT_S
    assert HOST_TIMEOUT_S < followers.CONNECT_TIMEOUT_S
