"""The commands for backups, as an operator calls them."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.protocol.installation import Installation, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process]


async def test_create_verify_restore_and_serve(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("backups")
    here = Installation(folder / "data", free_port())
    serving = await here.serve()
    token = await here.token()
    user = {"userName": "jane@example.com"}
    assert (await serving.send("POST", "/Users", token, user))[0] == 201

    created = await here.run("backup", "create", str(folder / "b"), "--json")
    await serving.end(signal.SIGTERM)
    verified = await here.run("backup", "verify", str(folder / "b"))
    refused = await here.run("backup", "restore", str(folder / "b"))

    assert (created.code, created.json["organizations"]) == (0, 1), created
    assert (verified.code, "The backup is good." in verified.out) == (0, True), verified
    assert (refused.code, "not empty" in refused.err) == (1, True), refused
    await _restore(here, folder, token)


async def _restore(here: Installation, folder: Path, token: str) -> None:
    there = Installation(folder / "other", free_port())
    without_key = await there.run("backup", "restore", str(folder / "b"))
    assert (without_key.code, "needs the master key" in without_key.err) == (1, True), without_key
    there.data_dir.mkdir()
    shutil.copy2(here.data_dir / "master.key", there.data_dir / "master.key")

    restored = await there.run("backup", "restore", str(folder / "b"))
    assert restored.code == 0, restored
    again = await there.serve()
    status, found = await again.send("GET", '/Users?filter=userName eq "jane@example.com"', token)
    await again.end(signal.SIGTERM)

    assert "Every event is as it was signed." in restored.out
    assert (status, found["totalResults"]) == (200, 1)
