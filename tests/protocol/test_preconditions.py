"""If-Match and If-None-Match against meta.version (RFC 7644 §3.14)."""

import pytest

from tests.serving import Scim

RESOURCES = [("/Users", "userName", "title"), ("/Groups", "displayName", "externalId")]
OTHERS = ['W/"2"', '"7", W/"9"', "garbage", '"one"', ""]


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", OTHERS)
async def test_a_write_on_another_version_changes_nothing(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    change = {"op": "add", "path": attribute, "value": "x"}

    answers = [
        await scim.patch(path, change, If_Match=tag),
        await scim.put(path, {name: "Bob"}, If_Match=tag),
        await scim.delete(path, If_Match=tag),
    ]

    assert [each.status for each in answers] == [412] * 3
    assert 'W/"1"' in answers[0].body["detail"]
    assert (await scim.get(path)).body == made.body


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "*", 'W/"5", W/"1"'])
async def test_a_write_on_the_version_that_is_meant_happens(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"

    patched = await scim.patch(path, {"op": "add", "path": attribute, "value": "x"}, If_Match=tag)

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')
    assert (await scim.delete(path, If_Match=patched.headers["ETag"])).status == 204


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
async def test_what_a_client_has_is_not_sent_again(
    scim: Scim, endpoint: str, name: str, attribute: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    tag = made.headers["ETag"]

    same = await scim.get(path, If_None_Match=f'W/"9", {tag}')
    await scim.patch(path, {"op": "add", "path": attribute, "value": "x"})
    newer = await scim.get(path, If_None_Match=tag)

    assert (same.status, same.body, same.headers["ETag"]) == (304, None, tag)
    assert (newer.status, newer.headers["ETag"]) == (200, 'W/"2"')


async def test_a_precondition_on_what_is_gone_is_404(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada"})
    path = f"/Users/{made.body['id']}"
    await scim.delete(path)

    assert (await scim.delete(path, If_Match="*")).status == 404


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", ["*", 'W/"1"', '"1"', 'W/"7", W/"1"'])
async def test_a_write_that_bars_the_version_changes_nothing(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    change = {"op": "add", "path": attribute, "value": "x"}

    answers = [
        await scim.patch(path, change, If_None_Match=tag),
        await scim.put(path, {name: "Bob"}, If_None_Match=tag),
        await scim.delete(path, If_None_Match=tag),
    ]

    assert [each.status for each in answers] == [412] * 3
    assert (await scim.get(path)).body == made.body


async def test_a_write_that_bars_another_version_happens(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada"})
    change = {"op": "add", "path": "title", "value": "x"}

    patched = await scim.patch(f"/Users/{made.body['id']}", change, If_None_Match='W/"9"')

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')
