"""Bad input: the client gets a SCIM error that says what to change, nothing is half done, the next request works."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from eventstore.read import read_tail
from tests.serving import Answer, Scim, Served, Tenant, patch_op

HOSTILE = 10_000


@pytest.fixture(autouse=True)
async def nothing_is_half_done(
    served: Served, scim: Scim, organization: Tenant
) -> AsyncIterator[None]:
    """Assert that a test appended nothing, and that the service keeps answering."""
    before = (await read_tail(served.owner, organization.id)).position
    yield
    assert (await read_tail(served.owner, organization.id)).position == before
    assert (await scim.post("/Users", {"userName": "next"})).status == 201


def refused(answer: Answer, status: int, scim_type: str | None = None) -> str:
    """Assert that an answer is the expected refusal; return its detail."""
    assert (answer.status, answer.body.get("scimType")) == (status, scim_type), answer.body
    return str(answer.body["detail"])


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b'{"userName": "ada"',
        b'{"userName": "ada",}',
        b"{'userName': 'ada'}",
        b'{"userName": NaN}',
        b"\xff\xfe{\x00}\x00",
        b'{"userName": "\xff"}',
        b'{"userName": "\xed\xa0\x80"}',
        b'{"userName": "\\ud800"}',
        b'{"userName": "\\udc00\\ud800"}',
        b'{"userName": "\x00"}',
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b'{"userName": "ada"} {"userName": "bob"}',
        b"userName=ada",
    ],
)
async def test_a_body_that_is_not_json_is_refused(scim: Scim, path: str, body: bytes) -> None:
    detail = refused(await scim.post(path, body), 400, "invalidSyntax")

    assert "JSON" in detail


ENCODINGS = ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Bulk", "/.search", "/Users/.search"])
async def test_a_body_in_another_encoding_is_refused_with_a_hint_to_use_utf_8(
    scim: Scim, path: str, encoding: str
) -> None:
    body = '{"userName": "Zoë", "displayName": "Zoë"}'.encode(encoding)

    assert "encoded as UTF-8" in refused(await scim.post(path, body), 400, "invalidSyntax")


REPEATED = [
    '"userName": "a", "userName": "a"',
    '"userName": "a", "UserName": "b"',
    '"userName" : "a", "userName" :"b"',
    '"userName": "a", "\\u0075serName": "b"',
    '"userName": "a", "\\u0055serName": "b"',
    '"title": "\\u003a", "title": "b"',
    '"active": true, "active": false',
    '"schemas": [], "Schemas": []',
    '"unknown": 1, "unknown": 2',
    '"name": {"givenName": "a", "givenname": "b"}',
    '"emails": [{"value": "a@x"}, {"value": "a@x", "value": "b@x"}]',
    '"members": [{"value": "a", "Value": "b"}]',
    '"unknown": {"a": {"b": [[{"c": 1, "c": 1}]]}}',
    '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"costCenter": "a", "costcenter": "b"}',
    '"urn:a:b": {}, "URN:A:B": {}',
    '"deep": ' + '{"a":' * 300 + '{"b": 1, "B": 2}' + "}" * 300,
]


@pytest.mark.parametrize("repeated", REPEATED, ids=lambda each: each[:40])
async def test_a_key_given_twice_is_refused(
    scim: Scim, organization: Tenant, repeated: str
) -> None:
    document = f"{{{repeated}}}"
    user = f"/Users/{organization.account_id}"
    bulk = f'{{"Operations": [{{"method": "POST", "path": "/Users", "data": {document}}}]}}'
    patch = f'{{"Operations": [{{"op": "replace", "value": {document}}}]}}'
    as_text = {"Operations": [{"op": "replace", "value": document}]}

    for method, path, body in [
        ("POST", "/Users", document.encode()),
        ("POST", "/Groups", document.encode()),
        ("PUT", user, document.encode()),
        ("PATCH", user, patch.encode()),
        ("PATCH", user, orjson.dumps(as_text)),
        ("POST", "/Bulk", bulk.encode()),
        ("POST", "/.search", document.encode()),
    ]:
        detail = refused(await scim.send(method, path, body), 400, "invalidSyntax")
        assert "is given twice" in detail


@pytest.mark.parametrize(
    "operation",
    [
        '"op": "add", "Op": "remove", "path": "title", "value": "x"',
        '"op": "add", "path": "title", "PATH": "active", "value": "x"',
        '"op": "add", "path": "title", "value": "x", "value": "y"',
    ],
)
async def test_an_operation_with_a_key_twice_is_refused(
    scim: Scim, organization: Tenant, operation: str
) -> None:
    body = f'{{"Operations": [{{{operation}}}]}}'.encode()

    answer = await scim.send("PATCH", f"/Users/{organization.account_id}", body)

    assert "is given twice" in refused(answer, 400, "invalidSyntax")


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
@pytest.mark.parametrize("body", [b"null", b"[]", b'"ada"', b"7", b"true", b"[{}]"])
async def test_a_body_that_is_not_an_object_is_refused(scim: Scim, path: str, body: bytes) -> None:
    answer = await scim.post(path, body)

    assert answer.status == 400
    assert "object" in answer.body["detail"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("userName", 7.5),
        ("userName", True),
        ("userName", {"value": "ada"}),
        ("userName", ["ada", "bob"]),
        ("userName", "x" * 801),
        ("userName", None),
        ("userName", ""),
        ("displayName", 1.5),
        ("active", "perhaps"),
        ("active", 1),
        ("active", {}),
        ("name", "Ada"),
        ("name", [{"givenName": "Ada"}, {"givenName": "Bob"}]),
        ("name", {"givenName": 7.5}),
        ("name", {"givenName": ["a", "b"]}),
        ("addresses", "Main Street 1"),
        ("addresses", ["Main Street 1"]),
        ("emails", [{"value": 7.5}]),
        ("active", [{"$ref": None, "value": "False"}, {"$ref": None, "value": "False"}]),
        ("title", [{"$ref": None, "value": "a"}, {"$ref": None, "value": "b"}]),
        ("title", [{"$ref": None}]),
        ("userName", "   "),
        ("userName", "\t"),
        ("userName", "\u3000\u200b"),
        ("emails", [{"value": "a", "primary": True}, {"value": "b", "primary": "True"}]),
        ("emails", [{"value": "a", "primary": "yes"}]),
        ("emails", 7),
        ("x509Certificates", [{"value": 7}]),
        ("profileUrl", 7),
        ("photos", [{"value": {"a": 1}}]),
        ("roles", [7]),
        ("roleId", "Administrator"),
        ("roleId", 7.5),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "x"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", {"department": 7.5}),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", {"manager": [1, 2]}),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", [1, 2]),
    ],
)
async def test_a_value_of_the_wrong_type_is_refused_by_name(
    scim: Scim, attribute: str, value: Any
) -> None:
    body = {"userName": "ada", attribute: value}

    made = refused(await scim.post("/Users", body), 400, "invalidValue")
    put = refused(
        await scim.put("/Users/01a20ac2-c1ba-72cf-a811-23dbe6a27250", body), *put_status(value)
    )

    assert attribute.rpartition(":")[2] in made
    assert put


def put_status(value: Any) -> tuple[int, str | None]:
    """Return the answer to a PUT of a bad value for an unknown user. The value is read first."""
    known_only = value in (None, "", "Administrator")
    return (404, None) if known_only else (400, "invalidValue")


@pytest.mark.parametrize(
    "members",
    ["x", 7, [7], ["x"], [{"value": 7}], [{"value": {"a": 1}}]],
)
async def test_members_of_the_wrong_type_are_refused(scim: Scim, members: Any) -> None:
    refused(
        await scim.post("/Groups", {"displayName": "Sales", "members": members}),
        400,
        "invalidValue",
    )


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ([], "invalidSyntax"),
        ({"Operations": None}, "invalidSyntax"),
        ({"Operations": {"op": "add"}}, "invalidSyntax"),
        ({"Operations": ["add"]}, "invalidSyntax"),
        (patch_op({}), "invalidSyntax"),
        (patch_op({"op": "move", "path": "title", "value": "x"}), "invalidSyntax"),
        (patch_op({"op": 7, "path": "title"}), "invalidSyntax"),
        (patch_op({"op": "add", "path": 7, "value": "x"}), "invalidSyntax"),
        (patch_op({"op": "add", "path": {}, "value": "x"}), "invalidSyntax"),
        (patch_op({"op": "remove"}), "noTarget"),
        (patch_op({"op": "add", "value": "x"}), "invalidValue"),
        (patch_op({"op": "add", "value": "{"}), "invalidValue"),
        (patch_op({"op": "add", "value": ["x"]}), "invalidValue"),
        (patch_op({"op": "add", "path": "emails[", "value": "x"}), "invalidPath"),
        (patch_op({"op": "add", "path": "emails[type eq].value", "value": "x"}), "invalidFilter"),
        (patch_op({"op": "add", "path": "a b", "value": "x"}), "invalidPath"),
        (patch_op({"op": "replace", "path": "userName", "value": None}), "invalidValue"),
        (patch_op({"op": "remove", "path": "userName"}), "mutability"),
        (patch_op({"op": "replace", "path": "id", "value": "x"}), "mutability"),
        (patch_op({"op": "replace", "path": "active", "value": "x"}), "invalidValue"),
        (patch_op(*[{"op": "add", "path": "title", "value": "x"}] * 1_001), "invalidSyntax"),
    ],
    ids=lambda each: str(each)[:60],
)
async def test_a_patch_that_is_malformed_or_not_allowed_is_refused(
    scim: Scim, organization: Tenant, body: Any, scim_type: str
) -> None:
    path = f"/Users/{organization.account_id}"

    refused(await scim.send("PATCH", path, body), 400, scim_type)


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
@pytest.mark.parametrize(
    "body",
    [
        {"userName": "a\0b", "displayName": "a\0b"},
        {"userName": "a", "displayName": "a", "title": {"x\0": "y"}},
        {"userName": "a", "displayName": "a", "unknown": ["\0"]},
    ],
)
async def test_a_nul_in_a_text_is_refused(scim: Scim, path: str, body: Any) -> None:
    assert "U+0000" in refused(await scim.post(path, body), 400, "invalidValue")


@pytest.mark.parametrize("query", ["%00", "%FF", "%ED%A0%80", "%C0%80", "\\u0000", "\\ud800"])
@pytest.mark.parametrize("name", ["filter", "sortBy", "attributes", "startIndex", "count", "x"])
async def test_bad_text_in_a_query_is_refused_or_means_nothing(
    scim: Scim, name: str, query: str
) -> None:
    value = f'userName eq "{query}"' if name == "filter" else query

    answer = await scim.get(f"/Users?{name}={value}")

    assert answer.status in (200, 400)
    if name == "filter":
        assert answer.status == 400 or answer.body["totalResults"] == 0


@pytest.mark.parametrize("text", ["%00", "%FF", "%ED%A0%80", "%2e%2e%2f", "%", "%zz", "é" * 500])
@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Roles", "/Schemas", "/ResourceTypes"])
async def test_bad_text_in_a_path_is_not_found(scim: Scim, path: str, text: str) -> None:
    answers = [await scim.get(f"{path}/{text}")]
    if path in ("/Users", "/Groups"):
        answers.append(await scim.delete(f"{path}/{text}"))

    assert {each.status for each in answers} <= {400, 404}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "' + "x" * HOSTILE + '"',
        "(" * 200 + 'userName eq "a"' + ")" * 200,
        "(" * HOSTILE,
        "not (" * 200 + 'userName eq "a"' + ")" * 200,
        "emails[" * 200 + "value pr" + "]" * 200,
        " and ".join(['userName eq "a"'] * 1_000),
        " or ".join(['userName eq "a"'] * 500),
        "userName eq " + "9" * HOSTILE,
        "a" * HOSTILE,
        'userName eq "' + "\\" * HOSTILE,
        ".".join(["name"] * 2_000) + " pr",
        "urn:" * 2_000 + "x pr",
    ],
    ids=lambda text: f"{text[:20]} {len(text)}",
)
@pytest.mark.parametrize("path", ["/Users", "/Groups"])
async def test_a_filter_that_is_too_much_is_refused(scim: Scim, path: str, text: str) -> None:
    assert refused(await scim.find(path, filter=text), 400, "invalidFilter")


@pytest.mark.parametrize(
    "depth_of",
    [
        lambda depth: b"[" * depth + b"]" * depth,
        lambda depth: b'{"a":' * depth + b"1" + b"}" * depth,
        lambda depth: b'{"userName":' + b"[" * depth + b"]" * depth + b"}",
        lambda depth: b'{"name":' * depth + b"1" + b"}" * depth,
        lambda depth: b'{"emails":[' * depth + b"]}" * depth,
        lambda depth: b'{"Operations":[{"op":"add","value":' * depth + b"1" + b"}]}" * depth,
    ],
    ids=["lists", "objects", "user names", "names", "emails", "operations"],
)
@pytest.mark.parametrize("depth", [500, 1_000, HOSTILE, 100_000])
async def test_a_deep_body_is_refused(
    scim: Scim, organization: Tenant, depth_of: Any, depth: int
) -> None:
    body = depth_of(depth)

    answers = [
        await scim.post("/Users", body),
        await scim.post("/Groups", body),
        await scim.send("PATCH", f"/Users/{organization.account_id}", body),
    ]

    assert {each.status for each in answers} <= {400, 413}


async def test_many_attributes_and_values_are_taken_or_refused(scim: Scim) -> None:
    emails = [{"type": "work", "value": f"{number}@x.com"} for number in range(5_000)]

    answers = [
        await scim.post("/Users", {f"a{number}": "x" for number in range(20_000)}),
        await scim.post("/Users", {"userName": 7, "emails": emails}),
        await scim.post("/Groups", {"members": [{"value": "x"}] * 100_000}),
    ]

    assert [each.status for each in answers] == [400] * 3


@pytest.mark.parametrize("megabytes", [5, 20])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_large_body_is_refused_with_the_limit(
    scim: Scim, organization: Tenant, method: str, megabytes: int
) -> None:
    path = "/Users" if method == "POST" else f"/Users/{organization.account_id}"
    body = orjson.dumps({"userName": "x" * megabytes * 2**20})

    assert "1,048,576 bytes" in refused(await scim.send(method, path, body), 413)


async def test_a_large_body_of_a_group_is_refused_with_the_limit(scim: Scim) -> None:
    body = orjson.dumps({"displayName": "x" * 20 * 2**20})

    assert "16,777,216 bytes" in refused(await scim.post("/Groups", body), 413)


@pytest.mark.parametrize("name", ["attributes", "excludedAttributes"])
async def test_odd_selections_mean_nothing(scim: Scim, name: str) -> None:
    for value in ("", ",", ",,,", "a.b.c.d", "emails[type", "x" * 5_000, ",".join(["a"] * 5_000)):
        assert (await scim.find("/Users", **{name: value})).status == 200


async def test_too_many_parameters_are_refused(scim: Scim) -> None:
    answer = await scim.get("/Users?" + "&".join(["a=b"] * 200))

    assert "parameters" in refused(answer, 400, "invalidValue")
