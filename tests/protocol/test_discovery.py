"""What the service publishes about itself (RFC 7644 §4), and the roles of the organization."""

from typing import Any

import pytest

from schema.scim import urns
from tests.serving import Scim, Tenant

DISCOVERY = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Roles"]
SCHEMAS = [
    urns.USER,
    urns.GROUP,
    urns.ENTERPRISE_USER,
    urns.CLM_USER,
    urns.ROLE,
    urns.SERVICE_PROVIDER_CONFIG,
    urns.RESOURCE_TYPE,
    urns.SCHEMA,
]


async def test_the_configuration_says_what_is_supported(scim: Scim) -> None:
    body = (await scim.get("/ServiceProviderConfig")).body

    authentication = body.pop("authenticationSchemes")
    assert [each["type"] for each in authentication] == ["oauthbearertoken", "oauth2"]
    assert body == {
        "schemas": [urns.SERVICE_PROVIDER_CONFIG],
        "documentationUri": body["documentationUri"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": 1_000, "maxPayloadSize": 4_194_304},
        "filter": {"supported": True, "maxResults": 1000},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 100,
            "maxPageSize": 1000,
            "cursorTimeout": 3600,
        },
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{scim.base}/ServiceProviderConfig",
        },
    }


async def test_the_resource_types_are_users_groups_and_roles(scim: Scim) -> None:
    body = (await scim.get("/ResourceTypes")).body

    shown = {each["name"]: (each["endpoint"], each["schema"]) for each in body["Resources"]}
    assert shown == {
        "User": ("/Users", urns.USER),
        "Group": ("/Groups", urns.GROUP),
        "Role": ("/Roles", urns.ROLE),
    }
    user = next(each for each in body["Resources"] if each["name"] == "User")
    extensions = [urns.ENTERPRISE_USER, urns.CLM_USER]
    assert sorted(each["schema"] for each in user["schemaExtensions"]) == sorted(extensions)


async def test_the_schemas_are_all_there(scim: Scim) -> None:
    body = (await scim.get("/Schemas")).body

    ids = [each["id"] for each in body["Resources"]]
    assert sorted(ids) == sorted(SCHEMAS)
    assert (body["totalResults"], body["startIndex"], body["itemsPerPage"]) == (8, 1, 8)


@pytest.mark.parametrize("path", DISCOVERY)
async def test_nothing_that_is_discovered_is_null(scim: Scim, path: str) -> None:
    assert nulls((await scim.get(path)).body) == 0


def nulls(value: Any) -> int:
    """Return how many nulls a JSON value holds."""
    match value:
        case dict():
            return sum(map(nulls, value.values()))
        case list():
            return sum(map(nulls, value))
        case _:
            return int(value is None)


@pytest.mark.parametrize("path", ["/ResourceTypes", "/Schemas", "/Roles"])
async def test_what_is_listed_is_found_at_its_location(scim: Scim, path: str) -> None:
    listed = (await scim.get(path)).body["Resources"]

    for each in listed:
        location = each["meta"]["location"]
        read = await scim.get(location.removeprefix(scim.base))
        assert (read.status, read.body) == (200, each)
        assert location.startswith(f"{scim.base}{path}/")


@pytest.mark.parametrize("path", ["/ResourceTypes/Nobody", "/Schemas/urn:nobody", "/Roles/x"])
async def test_what_is_not_listed_is_not_found(scim: Scim, path: str) -> None:
    assert (await scim.get(path)).status == 404


async def test_a_schema_is_found_in_any_case(scim: Scim) -> None:
    read = await scim.get(f"/Schemas/{urns.USER.upper()}")

    assert (read.status, read.body["id"]) == (200, urns.USER)


@pytest.mark.parametrize("path", ["/ResourceTypes", "/Schemas"])
async def test_a_filter_on_what_is_discovered_is_forbidden(scim: Scim, path: str) -> None:
    assert (await scim.find(path, filter='id eq "x"')).status == 403


@pytest.mark.parametrize("path", DISCOVERY)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_is_discovered_cannot_be_changed(scim: Scim, path: str, method: str) -> None:
    refused = await scim.send(method, path, {})

    assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")
    assert method in refused.body["detail"]


@pytest.mark.parametrize("urn", [urns.USER, urns.CLM_USER])
async def test_the_schema_names_the_roles_of_the_organization(
    scim: Scim, organization: Tenant, urn: str
) -> None:
    schema = (await scim.get(f"/Schemas/{urn}")).body

    role_id = next(each for each in schema["attributes"] if each["name"] == "roleId")
    assert role_id["canonicalValues"] == list(organization.roles.values())
    for name, each in organization.roles.items():
        assert f"{name} = {each}" in role_id["description"]


async def test_the_roles_are_five_resources(scim: Scim, organization: Tenant) -> None:
    body = (await scim.get("/Roles")).body

    names = ["Administrator", "Editor", "Contributor", "Validator", "Reader"]
    assert body == {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": 5,
        "startIndex": 1,
        "itemsPerPage": 5,
        "Resources": [
            {
                "schemas": [urns.ROLE],
                "id": organization.roles[name],
                "displayName": name,
                "meta": {
                    "resourceType": "Role",
                    "location": f"{scim.base}/Roles/{organization.roles[name]}",
                },
            }
            for name in names
        ],
    }


@pytest.mark.parametrize(
    ("query", "total", "names"),
    [
        ({"filter": 'displayName eq "editor"'}, 1, ["Editor"]),
        ({"filter": 'displayName ew "or" and displayName co "id"'}, 1, ["Validator"]),
        ({"filter": 'displayName eq "Nobody"'}, 0, []),
        ({"startIndex": "4", "count": "1"}, 5, ["Validator"]),
        ({"startIndex": "0", "count": "2"}, 5, ["Administrator", "Editor"]),
        ({"startIndex": "6"}, 5, []),
        ({"count": "-1"}, 5, []),
    ],
)
async def test_roles_are_queried_like_other_resources(
    scim: Scim, query: dict[str, str], total: int, names: list[str]
) -> None:
    found = await scim.find("/Roles", **query)
    searched = await scim.post("/Roles/.search", query)

    shown = [each["displayName"] for each in found.body["Resources"]]
    assert (found.body["totalResults"], found.body["itemsPerPage"]) == (total, len(shown))
    assert shown == names
    assert searched.body == found.body


async def test_a_filter_of_roles_that_is_none_never_gives_them_all(scim: Scim) -> None:
    refused = await scim.find("/Roles", filter='nobodyKnows eq "x"')

    assert (refused.status, refused.body["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize(
    ("attribute", "kinds"),
    [
        ("emails", {"work", "home", "other"}),
        ("phoneNumbers", {"work", "home", "mobile", "fax", "pager", "other"}),
        ("addresses", {"work", "home", "other"}),
        ("roles", None),
    ],
)
async def test_the_kinds_of_values_are_those_that_entra_maps(
    scim: Scim, attribute: str, kinds: set[str] | None
) -> None:
    schema = (await scim.get(f"/Schemas/{urns.USER}")).body

    subs = next(each for each in schema["attributes"] if each["name"] == attribute)["subAttributes"]
    shown = next(each for each in subs if each["name"] == "type").get("canonicalValues")
    assert (set(shown) if shown else None) == kinds
