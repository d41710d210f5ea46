"""What all routes of our APIs have in common, tried on routes of the test's own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import Field

from schema.scim.errors import InvalidValue
from service.api.api import add_api
from service.api.call import Call
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Message, Page
from service.api.route import Api, Route
from service.app import ANSWERING, make_app
from service.http.server import make_runner
from service.ids import uuid7
from tests.admin.client import Admin, with_scope
from tests.serving import Served, Tenant, settings

PREFIX = "/api/admin/sample"
IDS = [uuid7(number) for number in range(7)]


class Row(Message):
    """A row."""

    id: UUID
    display_name: str
    expires_at: datetime | None = None


class Change(Message):
    """A change."""

    display_name: str = Field(min_length=1, max_length=20)
    count: int = 1
    networks: tuple[str, ...] = ()
    owner_id: UUID | None = None
    expires_at: datetime | None = None


class Patch(Message):
    """A change of which each field may be left out."""

    display_name: str | None = None


async def list_rows(_call: Call, query: ListQuery) -> Page[Row]:
    after = read_id_cursor("rows", query.cursor)
    rows = [Row(id=each, display_name="a") for each in IDS if after is None or each > after]
    return page_of(rows, query.limit, "rows", lambda row: (row.id,))


async def create(_call: Call, body: Change) -> Row:
    if body.display_name == "taken":
        refusal = InvalidValue("Another row has this name.")
        refusal.attribute = "displayName"
        raise refusal
    return Row(id=IDS[0], display_name=body.display_name, expires_at=body.expires_at)


async def change(_call: Call, row_id: UUID, body: Patch) -> Row:
    return Row(id=row_id, display_name="given" if body.model_fields_set else "not given")


async def act(_call: Call, row_id: UUID) -> None:
    assert row_id in IDS


async def rotate(_call: Call, _row_id: UUID, body: Patch) -> Row:
    return Row(id=IDS[0], display_name=str(body.display_name))


SAMPLE = Api(
    PREFIX,
    "Sample",
    (
        Route("GET", "/rows", "admin:read", list_rows, "List.", answer=Page[Row], query=ListQuery),
        Route("POST", "/rows", "admin", create, "Create.", answer=Row, body=Change, status=201),
        Route("PATCH", "/rows/{id}", "admin", change, "Change.", answer=Row, body=Patch),
        Route("POST", "/rows/{id}/act", "admin", act, "Act.", status=204),
        Route(
            *("POST", "/rows/{id}/rotate", "admin", rotate, "Rotate."),
            answer=Row,
            body=Patch,
            may_omit_body=True,
        ),
    ),
)


@pytest.fixture(scope="module")
async def sample(served: Served, tenant: Tenant) -> AsyncIterator[Admin]:
    """Give a client of a second server, which also serves the sample."""
    app = make_app(served.runtime, settings("postgresql://unused@localhost/unused"))
    add_api(app, SAMPLE)
    runner = make_runner(app, ANSWERING, connections_max=100)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    yield Admin(replace(served, port=port), with_scope(served, tenant, "admin"), PREFIX)
    await runner.cleanup()


async def test_a_list_is_read_page_by_page(sample: Admin) -> None:
    pages = await sample.pages("/rows", limit=3)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row["id"] for page in pages for row in page] == [str(each) for each in IDS]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=201", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("limit=1e2", "limit"),
        ("cursor=AAAA", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=WyJyb3dzIiwieCJd", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        ("page=2", "page"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    sample: Admin, query: str, parameter: str
) -> None:
    answer = await sample.get(f"/rows?{query}")

    assert answer.status == 400
    assert [each["parameter"] for each in answer.body["errors"]] == [parameter]


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "limit=%FF", "limit=%00", "&".join("abcd" * 30)]
)
async def test_a_malformed_query_is_refused(sample: Admin, query: str) -> None:
    assert (await sample.get(f"/rows?{query}")).status == 400


async def test_a_route_without_parameters_takes_none(sample: Admin) -> None:
    assert (await sample.post(f"/rows/{IDS[0]}/act?dryRun=true")).status == 400


async def test_what_is_created_has_a_location(sample: Admin) -> None:
    answer = await sample.post(
        "/rows", {"displayName": "Ada", "expiresAt": "2026-01-31T12:00:00+01:00"}
    )

    assert answer.status == 201
    assert answer.headers["Location"] == f"{PREFIX}/rows/{IDS[0]}"
    assert answer.body == {
        "id": str(IDS[0]),
        "displayName": "Ada",
        "expiresAt": "2026-01-31T12:00:00+01:00",
    }


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/displayName"]),
        ({"displayName": ""}, ["#/displayName"]),
        ({"displayName": 7}, ["#/displayName"]),
        ({"displayName": None}, ["#/displayName"]),
        ({"displayName": "a", "count": "1"}, ["#/count"]),
        ({"displayName": "a", "count": True}, ["#/count"]),
        ({"displayName": "a", "networks": "10.0.0.0/8"}, ["#/networks"]),
        ({"displayName": "a", "networks": ["a", 7]}, ["#/networks/1"]),
        ({"displayName": "a", "ownerId": "nobody"}, ["#/ownerId"]),
        ({"displayName": "a", "expiresAt": "tomorrow"}, ["#/expiresAt"]),
        ({"displayName": "a", "display_name": "b"}, ["#/display_name"]),
        ({"displayName": "a", "a/b~c": 1}, ["#/a~1b~0c"]),
        ({"count": "1", "more": 1}, ["#/displayName", "#/count", "#/more"]),
        ({"displayName": "taken"}, ["#/displayName"]),
        ([], ["#"]),
        ("text", ["#"]),
    ],
)
async def test_wrong_fields_are_refused_by_name(
    sample: Admin, body: object, pointers: list[str]
) -> None:
    answer = await sample.post("/rows", body)

    assert answer.status == 422, answer
    assert sorted(each["pointer"] for each in answer.body["errors"]) == sorted(pointers)


async def test_a_refusal_names_a_field_that_is_unknown_and_those_that_are_known(
    sample: Admin,
) -> None:
    answer = await sample.post("/rows", {"displayName": "a", "lable": "b"})

    assert answer.body["detail"].startswith("The body is refused. lable: There is no field")
    assert "displayName, count, networks, ownerId, expiresAt" in answer.body["detail"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b" ", 400),
        (b'{"displayName": "a", "displayName": "b"}', 400),
        (b'{"displayName": "\xff"}', 400),
        (b'{"displayName": "a\\u0000"}', 422),
        (b'{"displayName": "a", "expiresAt": NaN}', 400),
        (b'{"displayName": "' + b"a" * 1_100_000 + b'"}', 413),
        (b"[" * 60_000, 400),
    ],
    ids=range(9),
)
async def test_a_malformed_body_is_refused(sample: Admin, text: bytes, status: int) -> None:
    assert (await sample.post("/rows", text)).status == status


@pytest.mark.parametrize("media_type", ["text/plain", "application/scim+json", "application/xml"])
async def test_another_media_type_is_refused(sample: Admin, media_type: str) -> None:
    answer = await sample.post("/rows", {"displayName": "a"}, Content_Type=media_type)

    assert answer.status == 415
    assert "application/json" in answer.body["detail"]


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
@pytest.mark.parametrize(("body", "name"), [({}, "not given"), ({"displayName": None}, "given")])
async def test_a_patch_knows_which_fields_were_sent(
    sample: Admin, media_type: str, body: object, name: str
) -> None:
    answer = await sample.patch(f"/rows/{IDS[0]}", body, Content_Type=media_type)

    assert answer.body["displayName"] == name


async def test_a_post_takes_no_merge_patch(sample: Admin) -> None:
    answer = await sample.post(
        "/rows", {"displayName": "a"}, Content_Type="application/merge-patch+json"
    )

    assert answer.status == 415


@pytest.mark.parametrize(("body", "status"), [(None, 204), (b"", 204), ({}, 204), ({"a": 1}, 422)])
async def test_an_action_takes_no_fields(sample: Admin, body: object, status: int) -> None:
    assert (await sample.post(f"/rows/{IDS[0]}/act", body)).status == status


async def test_a_body_that_may_be_left_out_is_as_if_empty(sample: Admin) -> None:
    nothing = await sample.post(f"/rows/{IDS[0]}/rotate")
    empty = await sample.post(f"/rows/{IDS[0]}/rotate", {})

    assert nothing.status == empty.status == 200
    assert nothing.body["displayName"] == empty.body["displayName"] == "None"


@pytest.mark.parametrize(
    "wrong", ["1", "..", "..%2f..", "%00", str(IDS[0]).upper() + "0", f"{{{IDS[0]}}}", "a" * 5_000]
)
async def test_an_id_that_is_none_is_not_found(sample: Admin, wrong: str) -> None:
    assert (await sample.patch(f"/rows/{wrong}", {})).status == 404


@pytest.mark.parametrize(
    "accept", ["text/html", "application/scim+json", "", "*/*;q=0", "nonsense"]
)
async def test_an_answer_does_not_depend_on_what_is_accepted(sample: Admin, accept: str) -> None:
    assert (await sample.get("/rows", Accept=accept)).status == 200


async def test_a_method_that_a_path_does_not_serve_is_refused(sample: Admin) -> None:
    answer = await sample.send("DELETE", "/rows")

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD,POST"


async def test_a_path_that_does_not_exist_is_refused_in_the_same_form(sample: Admin) -> None:
    assert (await sample.get("/nothing")).status == 404


async def test_a_head_is_answered_as_a_get(sample: Admin) -> None:
    assert (await sample.send("HEAD", "/rows")).status == 200
