"""Every write refuses a value of `members` without an id; what a value path selects is replaced (RFC 7644 §3.5.2.3)."""

from typing import Any

import pytest

from schema.events.event import Event
from schema.events.group import MembersAdded, MembersRemoved
from schema.scim.errors import InvalidFilter, InvalidValue
from service.write.decide.state import Decision
from tests.builders import (
    ANN,
    JO,
    KIM,
    NOBODY,
    STAFF,
    Story,
    add,
    ann,
    created,
    given,
    jo,
    members,
    patch_group,
    pathless,
    post_group,
    provisioned,
    put_group,
    remove,
    replace,
    sales,
    staff,
)


def group_of_two() -> Story:
    """Return the story of three people, and a group of Jo and Ann."""
    return given(
        jo(provisioned("jo@example.com")),
        ann(provisioned("ann@example.com")),
        Decision(KIM, provisioned("kim@example.com")),
        staff(created("Staff")),
        sales(created()),
        sales(MembersAdded(members=(JO, ANN))),
    )


def left(*ids: Any) -> Decision:
    """Return the event of users who left."""
    return sales(MembersRemoved(members=ids))


def joined(*ids: Any) -> Decision:
    """Return the event of users who joined."""
    return sales(MembersAdded(members=ids))


NO_ID: list[Any] = [
    [{"display": "Ada"}],
    {"display": "Ada"},
    [{"id": str(JO)}],
    [{"$ref": f"https://clm.example/Users/{JO}"}],
    [{"type": "User"}],
    [{"type": "User", "value": ""}],
    [None],
    [{}],
    {},
    [{"value": ""}],
    [{"value": None}],
    [{"value": []}],
    [{"value": [""]}],
    [""],
    [[]],
    [*members(JO), {"id": str(ANN)}],
    [*members(JO), None],
    [*members(JO), {}],
]


@pytest.mark.parametrize("sent", NO_ID)
@pytest.mark.parametrize("op", ["add", "replace", "Remove"])
def test_a_member_without_an_id_is_refused_at_a_path(op: str, sent: Any) -> None:
    with pytest.raises(InvalidValue, match="members"):
        patch_group({"op": op, "path": "members", "value": sent})


@pytest.mark.parametrize("sent", NO_ID)
@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_member_without_an_id_is_refused_without_a_path(op: str, sent: Any) -> None:
    with pytest.raises(InvalidValue, match="members"):
        patch_group(pathless({"members": sent}, op=op))
    with pytest.raises(InvalidValue, match="members"):
        patch_group({"op": op, "path": f'members[value eq "{JO}"]', "value": sent})


@pytest.mark.parametrize("sent", NO_ID)
def test_a_member_without_an_id_is_refused_in_a_whole_group(sent: Any) -> None:
    for write in (post_group, put_group):
        with pytest.raises(InvalidValue, match="members"):
            write(members=sent)


def test_a_member_under_unknown_names_is_not_removed_by_the_rest() -> None:
    with pytest.raises(InvalidValue, match=r"members\.ref"):
        patch_group(remove("members", value=[{"value": str(JO), "ref": "x"}]))


def test_what_is_known_beside_an_id_may_come_along() -> None:
    sent = [{"value": str(JO), "display": "Jo", "type": "User", "$ref": None}]

    group_of_two().when(patch_group(remove("members", value=sent))).then(left(JO))


def test_unknown_names_beside_an_id_are_reported() -> None:
    command = patch_group(add("members", [{"value": str(KIM), "mail": "x"}]))

    assert command.patch.ignored == ("members.mail",)
    group_of_two().when(command).then(joined(KIM))


@pytest.mark.parametrize("sent", [{"value": str(KIM)}, members(KIM), str(KIM), [str(KIM)]])
@pytest.mark.parametrize("chosen", [f'value eq "{JO}"', f'value eq "{JO}" and type eq "User"'])
def test_the_member_that_a_value_path_selects_is_replaced(chosen: str, sent: Any) -> None:
    for operation in (
        replace(f"members[{chosen}]", sent),
        pathless({f"members[{chosen}]": sent}),
    ):
        group_of_two().when(patch_group(operation)).then(left(JO), joined(KIM))


def test_all_members_that_a_value_path_selects_are_replaced() -> None:
    group_of_two().when(patch_group(replace('members[type eq "User"]', members(KIM, ANN)))).then(
        left(JO), joined(KIM)
    )


def test_a_member_that_is_replaced_by_itself_stays() -> None:
    group_of_two().when(patch_group(replace(f'members[value eq "{JO}"]', members(JO)))).then()


def test_a_member_that_is_replaced_by_another_member_leaves() -> None:
    group_of_two().when(patch_group(replace(f'members[value eq "{JO}"]', members(ANN)))).then(
        left(JO)
    )


def test_a_member_is_not_replaced_by_nobody() -> None:
    with pytest.raises(InvalidValue, match=f"'{NOBODY}'"):
        group_of_two().when(patch_group(replace(f'members[value eq "{JO}"]', members(NOBODY))))


@pytest.mark.parametrize("value", ["", None, []])
def test_replace_with_an_empty_value_removes_what_a_value_path_selects(value: Any) -> None:
    command = patch_group(replace(f'members[value eq "{JO}"]', value))

    group_of_two().when(command).then(left(JO))


def test_add_at_a_value_path_removes_nobody() -> None:
    path = f'members[value eq "{JO}"]'

    group_of_two().when(patch_group(add(path, members(KIM)))).then(joined(KIM))
    group_of_two().when(patch_group(add(path, None), add(path, []))).then()


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_value_path_looks_at_what_a_membership_holds(op: str) -> None:
    operation = {"op": op, "path": 'members[display eq "Jo"]', "value": members(KIM)}

    with pytest.raises(InvalidFilter, match="selected by value and type"):
        group_of_two().when(patch_group(operation))


def test_a_list_beside_a_value_path_narrows_it() -> None:
    operation = remove('members[type eq "User"]', value=members(JO, STAFF))

    group_of_two().when(patch_group(operation)).then(left(JO))


@pytest.mark.parametrize("op", ["add", "replace"])
def test_an_operation_without_a_value_is_refused(op: str) -> None:
    for path in ("members", f'members[value eq "{JO}"]', "displayName"):
        with pytest.raises(InvalidValue, match="needs a value"):
            patch_group({"op": op, "path": path})


@pytest.mark.parametrize(
    "operation",
    [add("members", None), add("members", ""), add("members", []), remove("members", value="")],
)
def test_an_empty_value_changes_no_member(operation: dict[str, Any]) -> None:
    group_of_two().when(patch_group(operation)).then()


def test_a_group_that_was_not_made_is_not_said_to_be_unchanged() -> None:
    with pytest.raises(InvalidValue, match=f"'{NOBODY}'.*The group was not created") as refusal:
        given().when(post_group(members=members(NOBODY)))
    assert "unchanged" not in refusal.value.detail


def test_the_events_of_a_replacement_are_in_order() -> None:
    story = group_of_two().when(patch_group(replace('members[type eq "User"]', members(KIM))))
    events: list[Event] = [each.event for each in story.decisions]

    assert events == [MembersRemoved(members=(JO, ANN)), MembersAdded(members=(KIM,))]
