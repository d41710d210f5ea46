"""The endpoint /Users: what each method answers (RFC 7644 §3.3 to §3.6)."""

from uuid import uuid4

import pytest

from schema.scim.urns import CLM_USER
from tests.protocol.resources import user_body
from tests.serving import Scim, Tenant

ADA = {"userName": "Ada@contoso.com", "externalId": "a-1", "name": {"givenName": "Ada"}}


async def test_a_user_is_created_with_its_location_and_version(
    scim: Scim, organization: Tenant
) -> None:
    made = await scim.post("/Users", ADA)

    location = f"{scim.base}/Users/{made.body['id']}"
    assert made.status == 201
    assert (made.headers["Location"], made.headers["ETag"]) == (location, 'W/"1"')
    assert made.body == user_body(made, scim, organization, **ADA)


async def test_a_user_is_read_as_it_was_answered(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)

    read = await scim.get(f"/Users/{made.body['id']}")

    assert (read.status, read.body) == (200, made.body)
    assert (read.headers["ETag"], read.headers["Location"]) == (
        'W/"1"',
        made.body["meta"]["location"],
    )


async def test_a_user_is_replaced(scim: Scim, organization: Tenant) -> None:
    made = await scim.post("/Users", {**ADA, "title": "Countess", "nickName": "Ada"})
    sent = {"userName": "ada@contoso.com", "title": "Programmer"}

    replaced = await scim.put(f"/Users/{made.body['id']}", sent)

    assert (replaced.status, replaced.headers["ETag"]) == (200, 'W/"2"')
    assert replaced.headers["Location"] == made.headers["Location"]
    assert replaced.body == user_body(replaced, scim, organization, **sent)


async def test_a_user_is_patched_all_or_nothing(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)
    path = f"/Users/{made.body['id']}"
    good = {"op": "replace", "path": "title", "value": "Countess"}

    refused = await scim.patch(path, good, {"op": "replace", "path": "active", "value": "perhaps"})

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert (await scim.get(path)).body == made.body


async def test_a_patch_answers_with_the_user(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)
    path = f"/Users/{made.body['id']}"

    patched = await scim.patch(path, {"op": "replace", "path": "title", "value": "Countess"})

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')
    meta = {**patched.body["meta"], "created": made.body["meta"]["created"], "version": 'W/"2"'}
    assert patched.body == {**made.body, "title": "Countess", "meta": meta}
    assert (await scim.get(path)).body == patched.body


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [{"op": "replace", "path": "userName", "value": "Ada@contoso.com"}],
        [{"op": "Add", "path": "active", "value": "True"}],
        [{"op": "remove", "path": "title"}],
        [{"op": "replace", "value": {"externalId": "a-1", "nobodyKnows": "this"}}],
    ],
)
async def test_a_patch_that_changes_nothing_keeps_the_version(
    scim: Scim, operations: list[object]
) -> None:
    made = await scim.post("/Users", ADA)

    patched = await scim.patch(f"/Users/{made.body['id']}", *operations)

    assert (patched.status, patched.body) == (200, made.body)


async def test_a_deleted_user_answers_404(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)
    path = f"/Users/{made.body['id']}"

    gone = await scim.delete(path)

    assert (gone.status, gone.body) == (204, None)
    answers = [
        await scim.get(path),
        await scim.delete(path),
        await scim.put(path, ADA),
        await scim.patch(path, {"op": "replace", "path": "title", "value": "x"}),
    ]
    assert [each.status for each in answers] == [404] * 4


async def test_a_user_name_is_free_again_after_delete(scim: Scim) -> None:
    former = await scim.post("/Users", ADA)
    await scim.delete(f"/Users/{former.body['id']}")

    latter = await scim.post("/Users", ADA)

    assert latter.status == 201
    assert latter.body["id"] != former.body["id"]


@pytest.mark.parametrize("name", ["ADA@CONTOSO.COM", "ada@contoso.com", "Ada@contoso.com"])
async def test_a_user_name_is_taken_in_any_case(scim: Scim, name: str) -> None:
    made = await scim.post("/Users", ADA)

    refused = await scim.post("/Users", {"userName": name})

    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert made.body["id"] in refused.body["detail"]


@pytest.mark.parametrize("method", ["put", "patch"])
async def test_a_rename_to_a_taken_name_is_refused(scim: Scim, method: str) -> None:
    await scim.post("/Users", ADA)
    bob = await scim.post("/Users", {"userName": "bob"})
    path = f"/Users/{bob.body['id']}"
    rename = {"op": "replace", "path": "userName", "value": "ada@Contoso.com"}

    refused = await scim.patch(path, rename) if method == "patch" else await scim.put(path, ADA)

    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert (await scim.get(path)).body == bob.body


@pytest.mark.parametrize(
    "name", ["unknown", "9" * 36, "01a20ac2-c1ba-72cf-a811-23dbe6a27250", "%C3%A9", "a%2Fb"]
)
async def test_an_unknown_user_answers_404(scim: Scim, name: str) -> None:
    answers = [
        await scim.get(f"/Users/{name}"),
        await scim.delete(f"/Users/{name}"),
        await scim.put(f"/Users/{name}", ADA),
        await scim.patch(f"/Users/{name}", {"op": "remove", "path": "title"}),
    ]

    assert [each.status for each in answers] == [404] * 4


async def test_a_user_without_a_role_is_a_reader_under_both_names(
    scim: Scim, organization: Tenant
) -> None:
    made = await scim.post("/Users", {"userName": "ada"})

    reader = organization.roles["Reader"]
    assert (made.body["roleId"], made.body[CLM_USER]) == (reader, {"roleId": reader})


async def test_an_unknown_role_is_refused_with_the_way_to_the_known_ones(scim: Scim) -> None:
    refused = await scim.post("/Users", {"userName": "ada", "roleId": str(uuid4())})

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert "roleId" in refused.body["detail"]
    assert "/Roles" in refused.body["detail"]


async def test_a_password_is_neither_kept_nor_shown(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada", "password": "t1meMa$heen"})

    assert made.status == 201
    assert "password" not in made.body


async def test_a_user_tells_its_groups(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    members = [{"value": ada.body["id"]}]
    group = await scim.post("/Groups", {"displayName": "Sales", "members": members})

    read = await scim.get(f"/Users/{ada.body['id']}")

    location = f"{scim.base}/Groups/{group.body['id']}"
    expected = {"value": group.body["id"], "$ref": location, "display": "Sales", "type": "direct"}
    assert read.body["groups"] == [expected]
    assert read.body == {**ada.body, "groups": [expected]}


async def test_values_are_returned_as_they_were_sent(scim: Scim) -> None:
    sent = {
        "userName": "  Ünïcode\u00a0Å \u2028 ",
        "phoneNumbers": [{"type": "work", "value": " +49 (0) 711 / 1234-567 "}],
        "emails": [{"type": "work", "value": "MiXed.Case@EXAMPLE.Com", "primary": True}],
        "locale": "not a locale",
        "profileUrl": "not a url \U0001f600",
    }

    made = await scim.post("/Users", sent)

    assert {name: made.body[name] for name in sent} == sent


ALIKE = [("weiß@x.de", "weiss@x.de"), ("a\ufb01n@x", "afin@x"), ("a\u017fam@x", "asam@x")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
async def test_a_name_is_not_taken_for_one_that_resembles_it(
    scim: Scim, one: str, other: str
) -> None:
    first = await scim.post("/Users", {"userName": one})
    before = await scim.find("/Users", filter=f'userName eq "{other}"')
    second = await scim.post("/Users", {"userName": other})
    taken = await scim.post("/Users", {"userName": one.replace("x", "X")})

    found = [await scim.find("/Users", filter=f'userName eq "{each}"') for each in (one, other)]
    paged = await scim.find("/Users", filter=f'userName eq "{one}" and not (title pr)')
    assert (first.status, second.status, taken.status) == (201, 201, 409)
    assert before.body["totalResults"] == 0
    assert [each.body["Resources"] for each in found] == [[first.body], [second.body]]
    assert paged.body["Resources"] == [first.body]


@pytest.mark.parametrize("blank", ["   ", "\t", "\u00a0\u2003", "\u200b", "\x1f\x7f"], ids=ascii)
async def test_a_blank_user_name_is_refused_everywhere(scim: Scim, blank: str) -> None:
    made = await scim.post("/Users", ADA)
    path = f"/Users/{made.body['id']}"

    answers = [
        await scim.post("/Users", {"userName": blank}),
        await scim.put(path, {"userName": blank}),
        await scim.patch(path, {"op": "replace", "path": "userName", "value": blank}),
        await scim.patch(path, {"op": "add", "value": {"userName": blank}}),
    ]
    bulk = [
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": blank}},
        {"method": "PUT", "path": path, "data": {"userName": blank}},
    ]
    done = await scim.post("/Bulk", {"Operations": bulk})

    refusals = [*(each.body for each in answers), *(r["response"] for r in done.body["Operations"])]
    assert [(each["status"], each["scimType"]) for each in refusals] == [
        ("400", "invalidValue")
    ] * 6
    assert {each["detail"] for each in refusals} == {
        "userName is blank; send a name with a character that can be seen."
    }
    assert (await scim.get(path)).body == made.body


async def test_blanks_around_names_and_in_other_attributes_stay_as_sent(scim: Scim) -> None:
    sent = {"userName": " ada\t", "externalId": " ", "displayName": "\t", "title": "  "}

    made = await scim.post("/Users", sent)

    assert made.status == 201
    assert {name: made.body[name] for name in sent} == sent


async def test_what_real_clients_send_is_understood(scim: Scim, organization: Tenant) -> None:
    sent = {
        "userName": [{"$ref": None, "value": "ada"}],
        "active": [{"$ref": None, "value": "False"}],
        "emails": "ada@x",
        "phoneNumbers": ["+49 1", {"type": "fax", "value": 492}],
        "roles": ["Editor"],
        "nickName": 7,
        "name": [{"givenName": [{"$ref": None, "value": "Ada"}], "familyName": 12}],
    }
    read = {
        "userName": "ada",
        "active": False,
        "emails": [{"value": "ada@x"}],
        "phoneNumbers": [{"value": "+49 1"}, {"type": "fax", "value": "492"}],
        "roles": [{"value": "Editor"}],
        "nickName": "7",
        "name": {"givenName": "Ada", "familyName": "12"},
    }
    other = await scim.post("/Users", {"userName": "bob"})
    path = f"/Users/{other.body['id']}"
    again = {**sent, "userName": [{"$ref": None, "value": "bob"}]}

    posted = await scim.post("/Users", sent)
    put = await scim.put(path, again)
    await scim.put(path, {"userName": "bob", "roles": []})
    by_path = [{"op": "replace", "path": key, "value": each} for key, each in again.items()]
    patched = await scim.patch(path, *by_path)
    removed = await scim.patch(path, {"op": "remove", "path": "emails", "value": ["Ada@x"]})
    pathless = await scim.patch(path, {"op": "add", "value": again})

    assert {name: posted.body[name] for name in read} == read
    for answer in (put, patched, pathless):
        assert {name: answer.body[name] for name in read} == {**read, "userName": "bob"}
        assert answer.body["roleId"] == organization.roles["Editor"]
    assert "emails" not in removed.body


async def test_a_byte_order_mark_is_skipped(scim: Scim) -> None:
    body = b'\xef\xbb\xbf{"userName": "ada"}'

    made = await scim.post("/Users", body)
    put = await scim.put(f"/Users/{made.body['id']}", body)
    found = await scim.post("/Users/.search", b'\xef\xbb\xbf{"filter": "userName pr"}')

    assert (made.status, put.status, found.status) == (201, 200, 200)


@pytest.mark.parametrize(
    "body",
    [
        '{"userName": "ada", "title": "a: b \\": \\"userName\\": \\" x"}',
        '{"userName" : "ada" ,\n "title":"\\u003a\\u003A"}',
        '{"userName": "ada", "name": {"givenName": "x"}, "emails": [{"value": "x"}, {"value": "y"}]}',
        '{"userName": "ada", "x": {"a": {"x": 1}}, "y": {"a": 1}}',
        '{"userName": "ada", "\\u0054itle": "x"}',
        '{"userName": "ada", "x": ' + '{"a":' * 300 + "1" + "}" * 300 + "}",
        '{"userName": "ada", "x": 123456789012345678901234567890}',
    ],
    ids=lambda each: each[:40],
)
async def test_keys_that_only_look_repeated_are_taken(scim: Scim, body: str) -> None:
    assert (await scim.post("/Users", body.encode())).status == 201
