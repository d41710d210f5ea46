"""Who may call which route, and the forms in which refusals are answered."""

import pytest

from service.api.read import NAMES
from service.api.route import Route
from service.app import APIS
from service.callers.scopes import MEANINGS, OPERATE, granted
from service.ids import new_id
from service.scim.routes import ENDPOINTS
from tests.admin.client import Admin, with_scope
from tests.serving import Served, Tenant

ROUTES = [(api.prefix, route) for api in APIS for route in api.routes]


def path_of(route: Route) -> str:
    """Return a path of a route, with ids that nothing has."""
    return NAMES.sub(str(new_id()), route.path)


def test_every_route_needs_a_scope_that_exists() -> None:
    scopes = {each.scope for each in ENDPOINTS} | {route.scope for _, route in ROUTES}

    assert scopes <= set(MEANINGS)


@pytest.mark.parametrize(("prefix", "route"), ROUTES, ids=lambda each: getattr(each, "path", ""))
async def test_every_route_is_closed_to_all_other_scopes(
    served: Served, tenant: Tenant, prefix: str, route: Route
) -> None:
    others = " ".join(each for each in MEANINGS if route.scope not in granted(frozenset({each})))
    admin = Admin(served, with_scope(served, tenant, others), prefix)

    answer = await admin.send(route.method, path_of(route))

    assert answer.status == 403
    assert route.scope in answer.body["detail"]
    challenge = answer.headers["WWW-Authenticate"]
    assert f'error="insufficient_scope", scope="{route.scope}"' in challenge


@pytest.mark.parametrize(
    ("prefix", "route"),
    [each for each in ROUTES if each[1].scope != OPERATE],  # Only an operator's token has this one.
    ids=lambda each: getattr(each, "path", ""),
)
async def test_every_route_is_open_to_its_scope_alone(
    served: Served, tenant: Tenant, prefix: str, route: Route
) -> None:
    admin = Admin(served, with_scope(served, tenant, route.scope), prefix)

    assert await admin.status(route.method, path_of(route)) not in (401, 403, 405)


@pytest.mark.parametrize(("prefix", "route"), ROUTES, ids=lambda each: getattr(each, "path", ""))
async def test_no_route_is_open_without_a_token(served: Served, prefix: str, route: Route) -> None:
    answer = await Admin(served, None, prefix).send(route.method, path_of(route))

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="scim-ledger"'


async def test_a_scope_includes_the_reading_of_the_same(served: Served, tenant: Tenant) -> None:
    assert granted(frozenset({"admin", "scim"})) == {"admin", "admin:read", "scim", "scim:read"}
    assert granted(frozenset({"audit:read"})) == {"audit:read"}


async def test_a_token_that_was_never_issued_is_refused_as_a_problem(
    served: Served, tenant: Tenant
) -> None:
    answer = await Admin(served, tenant.token[:-3]).get("/organization")

    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_the_form_of_a_refusal_depends_on_its_path(served: Served, admin: Admin) -> None:
    forms = {
        "/api/admin": "application/problem+json",
        "/api/admin/v1": "application/problem+json",
        "/api/admin/v2/tokens": "application/problem+json",
        "/api/administrators": "application/scim+json",
        "/api/scim/v2/nothing": "application/scim+json",
        "/": "application/scim+json",
    }
    found = {}
    for path in forms:
        async with served.session.get(f"http://127.0.0.1:{served.port}{path}") as response:
            assert response.status in (404, 401), path
            found[path] = response.headers["Content-Type"]
    assert found == forms


async def test_the_organization_is_that_of_the_token(admin: Admin, tenant: Tenant) -> None:
    answer = await admin.get("/organization")

    assert answer.status == 200
    assert (answer.body["id"], answer.body["name"]) == (str(tenant.id), tenant.name)


async def test_the_roles_are_listed_with_their_uuids(admin: Admin, tenant: Tenant) -> None:
    answer = await admin.get("/roles")

    assert {each["name"]: each["id"] for each in answer.body["items"]} == tenant.roles
    assert answer.body["nextCursor"] is None
