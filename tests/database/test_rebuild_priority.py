"""A rebuild's work has lower priority, also in Postgres if it runs on this machine and we may change it."""

import os

import psutil
import pytest

from projections.rebuild.priority import NICENESS, connect_low_priority


async def test_the_postgres_process_of_a_connection_has_lower_priority(database_url: str) -> None:
    connection = await connect_low_priority(database_url, {}, timeout_s=10.0)
    try:
        pid = connection.get_server_pid()
        if os.geteuid() != 0 or not psutil.pid_exists(pid):
            pytest.skip("Only root may change the priority of a process that is not its own.")

        assert psutil.Process(pid).nice() == NICENESS
    finally:
        await connection.close()


async def test_what_it_writes_goes_to_the_disk_as_it_comes(database_url: str) -> None:
    connection = await connect_low_priority(database_url, {}, timeout_s=10.0)
    try:
        flush_after, most = await connection.fetchrow(
            "SELECT current_setting('backend_flush_after'), max_val"
            "  FROM pg_settings WHERE name = 'backend_flush_after'"
        )
        assert flush_after == ("512kB" if int(most) else "0")  # Not every system supports it.
    finally:
        await connection.close()
