"""The operator's pages: projections, what runs on them, parked streams, health. No personal data is on them."""

import asyncio
import secrets
from pathlib import Path

import pytest

from projections.maintenance.builds import Shards
from service.config import Settings
from service.console.pages.operations.status import Rates
from service.console.pages.operations.works import environment
from tests.console.client import Browser, Shown
from tests.serving import Scim, Served, Tenant

NAME = "Zacharias Unmistakable"


@pytest.fixture
async def operator(served: Served, contoso: Tenant) -> Browser:
    """Give an operator who is signed in, of a service in which somebody has a name."""
    await Scim(served, contoso.token).post(
        "/Users", {"userName": f"{secrets.token_hex(4)}@contoso.com", "displayName": NAME}
    )
    made = Browser(served)
    await made.sign_in(None, "operator")
    return made


PAGES = (
    "/operations",
    "/operations/health",
    "/operations/parked",
    "/operations/directory",
    "/operations/history",
    "/operations/history/rebuild",
    "/operations/history/verify",
    "/operations/history/rollback",
)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_for_operators_and_holds_no_name(
    operator: Browser, served: Served, contoso: Tenant, path: str
) -> None:
    shown = await operator.get(path)
    assert shown.status == 200
    assert NAME not in shown.html
    assert "contoso.com" not in shown.html
    administrator = Browser(served)
    await administrator.sign_in(contoso.id)
    assert (await administrator.get(path)).status == 403


async def test_the_projections_are_listed_with_state_and_lag(operator: Browser) -> None:
    shown = await operator.get("/operations")
    for name in ("directory", "history", "versions"):
        assert name in shown.text
    assert "written with each event" in shown.text
    assert "Largest lag" in shown.text
    part = await operator.get("/operations", HX_Request="true")
    assert "<html" not in part.html
    assert "All projections" in part.text


async def test_what_is_not_there(operator: Browser) -> None:
    for path in ("/operations/nothing", "/operations/history/explode", "/operations/x/rebuild"):
        assert (await operator.get(path)).status == 404, path


async def test_health_and_metrics(operator: Browser) -> None:
    shown = await operator.get("/operations/health")
    assert "Ready" in shown.text
    assert "scim_ledger_" in shown.text
    file = await operator.get("/operations/health?format=csv")
    assert "scim_ledger_" in file.html
    assert "No stream is parked" in (await operator.get("/operations/parked")).text
    assert (await operator.get("/operations/parked?format=csv")).status == 200


async def test_a_rebuild_asks_for_the_name(operator: Browser) -> None:
    asked = await operator.get("/operations/history/rebuild")
    if "does not have the owner" in asked.text:
        pytest.skip("The service of these tests has no owner's login.")
    wrong = await operator.post(asked, "/operations/history/rebuild", name="histori")
    assert (wrong.status, "You entered histori." in wrong.text) == (422, True)


async def until_ended(operator: Browser, name: str) -> Shown:
    """Return the page of a projection, once what runs on it has ended."""
    async with asyncio.timeout(60):
        while "ended" not in (shown := await operator.get(f"/operations/{name}")).text:  # noqa: ASYNC110 - a process runs.
            await asyncio.sleep(0.3)
    return shown


@pytest.mark.process
async def test_a_verification_runs_and_says_what_it_found(operator: Browser) -> None:
    asked = await operator.get("/operations/versions/verify")
    shown = await operator.follow(await operator.post(asked, "/operations/versions/verify"))
    assert "Verification of versions" in shown.text
    ended = await until_ended(operator, "versions")
    assert "Verification of versions: ended well" in ended.text, ended.text
    assert NAME not in ended.html
    assert "No difference" in (await operator.get("/operations")).text


@pytest.mark.process
async def test_a_rebuild_and_a_rollback_run(operator: Browser) -> None:
    for kind, words in (("rebuild", "Rebuild"), ("rollback", "Rollback")):
        asked = await operator.get(f"/operations/versions/{kind}")
        done = await operator.post(asked, f"/operations/versions/{kind}", name="versions")
        assert done.status == 303, done.text
        again = await operator.post(asked, f"/operations/versions/{kind}", name="versions")
        assert (again.status, "runs already" in again.text) == (422, True)
        ended = await until_ended(operator, "versions")
        assert f"{words} of versions: ended well" in ended.text, ended.text
        assert NAME not in ended.html


@pytest.mark.process
async def test_what_runs_can_be_cancelled(operator: Browser) -> None:
    asked = await operator.get("/operations/directory/verify")
    shown = await operator.follow(await operator.post(asked, "/operations/directory/verify"))
    await operator.post(shown, "/operations/directory/cancel")
    ended = await until_ended(operator, "directory")
    assert "cancelled" in ended.text or "ended well" in ended.text


async def test_rates_are_those_of_what_was_seen() -> None:
    rates = Rates()
    first = rates.progress("history", Shards(4, 4, 4, 1_000, 0, 0))
    assert (first.phase, first.percent, first.per_s) == ("load", 0, None)
    await asyncio.sleep(0.01)
    later = rates.progress("history", Shards(4, 2, 4, 1_000, 500, 0))
    assert later.percent == 50
    assert later.per_s is not None
    assert later.left is not None
    assert rates.progress("history", Shards(4, 0, 4, 1_000, 1_000, 0)).phase == "index"
    assert rates.progress("history", Shards(4, 0, 2, 1_000, 1_000, 500)).phase == "verify"
    assert rates.progress("history", Shards(4, 0, 0, 1_000, 1_000, 1_000)).phase == "swap"


def test_a_command_gets_the_settings_of_the_service(tmp_path: Path) -> None:
    settings = Settings(port=0, data_dir=tmp_path, issuers_may_be_private=True)
    found = environment(settings)
    assert found["SCIM_LEDGER_DATA_DIR"] == str(tmp_path)
    assert found["SCIM_LEDGER_ISSUERS_MAY_BE_PRIVATE"] == "true"
