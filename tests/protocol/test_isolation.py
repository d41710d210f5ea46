"""An organization can neither see nor touch another's data, by any endpoint or method."""

import pytest

from schema.scim.urns import ENTERPRISE_USER
from tests.protocol.endpoints import body_for, endpoints
from tests.protocol.resources import values
from tests.serving import Answer, Scim, Tenant

UNKNOWN = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"
SHARED = ("/ServiceProviderConfig", "/ResourceTypes/{id}", "/Schemas/{id}")  # The same for all.
BY_ID = [each for each in endpoints() if "{id}" in each[1] and each[1] not in SHARED]
LISTS = [path for method, path in endpoints() if method == "GET" and "{id}" not in path]
ADA = {"userName": "ada@contoso.com", "externalId": "a-1", "displayName": "Ada"}


async def populate(scim: Scim, organization: Tenant) -> dict[str, Answer]:
    """Make the resources that the other organization tries to reach, by the endpoint that shows them."""
    ada = await scim.post("/Users", ADA)
    sales = {"displayName": "Sales", "members": values([ada.body["id"]])}
    group = await scim.post("/Groups", sales)
    role = await scim.get(f"/Roles/{organization.roles['Editor']}")
    ada = await scim.get(f"/Users/{ada.body['id']}")
    return {"/Users/{id}": ada, "/Groups/{id}": group, "/Roles/{id}": role}


@pytest.mark.parametrize(("method", "path"), BY_ID)
async def test_a_resource_of_another_is_like_one_that_never_was(
    scim: Scim, other_scim: Scim, organization: Tenant, method: str, path: str
) -> None:
    theirs = (await populate(scim, organization))[path]
    body = body_for(path, method)
    address = path.replace("{id}", theirs.body["id"])

    refused = await other_scim.send(method, address, body)
    unknown = await other_scim.send(method, path.replace("{id}", UNKNOWN), body)

    assert refused.status == unknown.status == 404
    shown = refused.body["detail"].replace(theirs.body["id"], UNKNOWN)
    assert shown == unknown.body["detail"]
    assert (await scim.get(address)).body == theirs.body


@pytest.mark.parametrize("path", LISTS)
async def test_no_list_shows_anything_of_another(
    scim: Scim, other_scim: Scim, organization: Tenant, path: str
) -> None:
    theirs = await populate(scim, organization)

    listed = str((await other_scim.get(path)).body)

    secrets = [each.body["id"] for each in theirs.values()]
    secrets += [*organization.roles.values(), organization.name, organization.account_id, "Ada"]
    assert [each for each in secrets if each in listed] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/Users", 'userName eq "ada@contoso.com"'),
        ("/Users", 'externalId eq "a-1"'),
        ("/Users", 'id eq "{user}"'),
        ("/Users", 'groups.value eq "{group}"'),
        ("/Users", 'groups.display eq "Sales"'),
        ("/Users", 'displayName sw "A"'),
        ("/Users", 'roleId eq "{role}"'),
        ("/Users", 'not (userName eq "technical-account")'),
        ("/Groups", 'displayName eq "Sales"'),
        ("/Groups", 'id eq "{group}" and members eq "{user}"'),
        ("/Groups", 'members.value eq "{user}"'),
        ("/Groups", 'members.display eq "Ada"'),
        ("/Groups", "displayName pr"),
    ],
)
async def test_no_filter_finds_anything_of_another(
    scim: Scim, other_scim: Scim, organization: Tenant, path: str, text: str
) -> None:
    theirs = await populate(scim, organization)
    ids = {
        "user": theirs["/Users/{id}"].body["id"],
        "group": theirs["/Groups/{id}"].body["id"],
        "role": organization.roles["Reader"],
    }

    found = await other_scim.find(path, filter=text.format_map(ids))
    own = await scim.find(path, filter=text.format_map(ids))

    assert (found.body["totalResults"], found.body["Resources"]) == (0, [])
    assert own.body["totalResults"] >= 1


async def test_names_are_free_in_every_organization(scim: Scim, other_scim: Scim) -> None:
    for client in (scim, other_scim):
        assert (await client.post("/Users", ADA)).status == 201
        assert (await client.post("/Groups", {"displayName": "Sales"})).status == 201


@pytest.mark.parametrize("endpoint", ["/Users/{id}", "/Groups/{id}"])
async def test_no_user_of_another_becomes_a_member(
    scim: Scim, other_scim: Scim, organization: Tenant, endpoint: str
) -> None:
    theirs = values([(await populate(scim, organization))[endpoint].body["id"]])
    unknown = values([UNKNOWN])
    group = await other_scim.post("/Groups", {"displayName": "Own"})
    path = f"/Groups/{group.body['id']}"

    refused = [
        await other_scim.post("/Groups", {"displayName": "More", "members": theirs}),
        await other_scim.put(path, {"displayName": "Own", "members": theirs}),
        await other_scim.patch(path, {"op": "add", "path": "members", "value": theirs}),
        await other_scim.patch(path, {"op": "replace", "path": "members", "value": theirs}),
        await other_scim.patch(path, {"op": "add", "path": "members", "value": unknown}),
    ]

    assert [each.status for each in refused] == [400] * 5
    as_unknown = refused[3].body["detail"].replace(theirs[0]["value"], UNKNOWN)
    assert as_unknown == refused[4].body["detail"]
    assert (await other_scim.get(path)).body == group.body


async def test_a_manager_of_another_is_a_text_and_no_more(
    scim: Scim, other_scim: Scim, organization: Tenant
) -> None:
    theirs = (await populate(scim, organization))["/Users/{id}"].body["id"]
    manager = {ENTERPRISE_USER: {"manager": {"value": theirs}}}

    made = await other_scim.post("/Users", {"userName": "bob", **manager})

    assert made.body[ENTERPRISE_USER]["manager"]["value"] == theirs
    assert "Ada" not in str(made.body)


@pytest.mark.parametrize("attribute", ["roleId", "roles"])
async def test_a_role_of_another_is_unknown(
    other_scim: Scim, other_organization: Tenant, organization: Tenant, attribute: str
) -> None:
    theirs = organization.roles["Administrator"]
    sent = theirs if attribute == "roleId" else [{"value": theirs}]

    made = await other_scim.post("/Users", {"userName": "bob", attribute: sent})

    if attribute == "roleId":
        assert (made.status, made.body["scimType"]) == (400, "invalidValue")
    else:
        assert made.body["roleId"] == other_organization.roles["Reader"]


async def test_a_bulk_reaches_nothing_of_another(
    scim: Scim, other_scim: Scim, organization: Tenant
) -> None:
    theirs = await populate(scim, organization)
    addresses = [
        ("User", f"/Users/{theirs['/Users/{id}'].body['id']}", ADA),
        ("Group", f"/Groups/{theirs['/Groups/{id}'].body['id']}", {"displayName": "Touched"}),
    ]
    operations = [
        {
            "method": method,
            "path": path,
            "data": body_for(path, "PATCH") if method == "PATCH" else data,
        }
        for _, path, data in addresses
        for method in ("PUT", "PATCH", "DELETE")
    ]

    answer = await other_scim.post("/Bulk", {"Operations": operations})

    assert [each["status"] for each in answer.body["Operations"]] == ["404"] * 6
    for _, path, _ in addresses:
        assert (await scim.get(path)).body == theirs[f"{path.rpartition('/')[0]}/{{id}}"].body


@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search"])
async def test_no_search_finds_anything_of_another(
    scim: Scim, other_scim: Scim, organization: Tenant, path: str
) -> None:
    theirs = await populate(scim, organization)
    wanted = theirs["/Groups/{id}" if "Groups" in path else "/Users/{id}"].body["id"]

    found = await other_scim.post(path, {"filter": f'id eq "{wanted}"'})
    own = await scim.post(path, {"filter": f'id eq "{wanted}"'})

    assert (found.body["totalResults"], own.body["totalResults"]) == (0, 1)
