"""The operators' API: only a token that belongs to no organization opens it, and it opens nothing else."""

from datetime import timedelta

import pytest

from service.operate import tokens
from tests.admin.client import Admin, with_scope
from tests.protocol.terminal import run
from tests.serving import Scim, Served, Tenant, parsed

OPERATE = "/api/operate/v1"


async def issued(served: Served, lifetime: timedelta | None = timedelta(days=1)) -> str:
    """Return a token of an operator."""
    token, _ = await tokens.issue(
        served.runtime.pool, "on call", lifetime=lifetime, created_by="tests"
    )
    return token


async def test_an_operator_sees_organizations_and_projections(
    served: Served, tenant: Tenant, stranger: Tenant
) -> None:
    operator = Admin(served, await issued(served), OPERATE)

    pages = await operator.pages("/organizations", 1)
    ids = [each["id"] for page in pages for each in page]
    assert {str(tenant.id), str(stranger.id)} <= set(ids)
    assert ids == sorted(ids)
    found = (await operator.get("/projections")).body["items"]
    assert {"directory", "history", "versions"} <= {each["name"] for each in found}
    assert all(each["isCurrent"] for each in found)


async def test_it_opens_nothing_of_an_organization(served: Served, tenant: Tenant) -> None:
    token = await issued(served)
    assert (await Admin(served, token).get("/organization")).status == 401
    assert (await Scim(served, token).get("/Users")).status == 401


async def test_no_token_of_an_organization_opens_it(served: Served, tenant: Tenant) -> None:
    for scope in ("operate", "admin operate", "admin"):
        answer = await Admin(served, with_scope(served, tenant, scope), OPERATE).get("/projections")
        assert answer.status == 403
        assert "operate" in answer.body["detail"]


async def test_a_token_that_is_over_or_unknown_is_refused(served: Served) -> None:
    revoked, made = await tokens.issue(served.runtime.pool, "x", lifetime=None, created_by="tests")
    assert await tokens.revoke(served.runtime.pool, made.id) is True
    assert await tokens.revoke(served.runtime.pool, made.id) is False
    expired = await issued(served, timedelta(seconds=-1))
    for token, state in ((revoked, "revoked"), (expired, "expired"), ("slop_x", "unknown")):
        answer = await Admin(served, token, OPERATE).get("/projections")
        assert answer.status == 401
        assert state in answer.body["detail"]


@pytest.mark.process
async def test_the_command_line_issues_lists_and_revokes_it(
    served: Served, organization: Tenant
) -> None:
    made = parsed(
        (
            await run(served, "token", "issue", "--label", "A", "--scope", "operate", "--json")
        ).out.encode()
    )
    operator = Admin(served, made["token"], OPERATE)
    assert (await operator.get("/projections")).status == 200
    assert made["id"] in (await run(served, "token", "list", "--operators")).out
    assert (await run(served, "token", "revoke", made["id"])).out == "Revoked.\n"
    assert (await operator.get("/projections")).status == 401
    scopes = ("--scope", "operate", "--scope", "scim")
    mixed = await run(served, "token", "issue", "--label", "B", *scopes)
    assert mixed.code == 1
    assert "belongs to no organization" in mixed.err
