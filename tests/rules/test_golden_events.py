"""Every event type and version that was ever released stays readable, byte by byte.

A file of `golden/` holds an event as the log stores it (`data`, and `personal` before it is sealed), the
names of the files whose events come before it in its stream, and the state that they all fold into.
Files are only ever added. If one must change, this release can no longer read somebody's log.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from schema.events import group, hold, organization, user
from schema.events.codec import TYPES, decode, encode
from schema.events.event import Event, Place
from tests.builders import START

Golden = Mapping[str, Any]
CORPUS: Mapping[str, Golden] = {
    path.name.removesuffix(".json"): orjson.loads(path.read_bytes())
    for path in sorted((Path(__file__).parent / "golden").glob("*.json"))
}
# The personal part of an erased person is gone, so it cannot be written again.
WRITTEN = [name for name in CORPUS if not name.endswith(".erased")]


def event_of(golden: Golden) -> Event:
    """Return the event that was stored."""
    personal = golden["personal"]
    return decode(
        golden["type"],
        golden["schemaVersion"],
        golden["data"],
        None if personal is None else personal.encode(),
    )


def folded(name: str) -> Any:
    """Return the state after an event and those before it."""
    state = None
    for version, each in enumerate((*CORPUS[name]["after"], name), start=1):
        state = evolved(state, CORPUS[each], version)
    return state


def evolved(state: Any, golden: Golden, version: int) -> Any:
    """Return the state after one event; its position is its version, one second after the one before."""
    event, stream_id = event_of(golden), UUID(golden["streamId"])
    place = Place(stream_id, version, version, START + timedelta(seconds=version), "scim")
    if isinstance(event, user.UserEvent):
        return user.evolve(state, event, place)
    if isinstance(event, group.GroupEvent):
        return group.evolve(state, event, place)
    if isinstance(event, hold.HoldEvent):
        return hold.evolve(state, event, place)
    assert isinstance(event, organization.OrganizationEvent)
    return organization.evolve(state, event, place)


def as_json(state: Any) -> dict[str, Any]:
    """Return a state as JSON."""
    named = state._asdict() if isinstance(state, user.User) else state
    text = orjson.dumps(named, default=dict, option=orjson.OPT_NON_STR_KEYS)
    read: dict[str, Any] = orjson.loads(text)
    return read


@pytest.mark.parametrize("name", CORPUS)
def test_a_stored_event_folds_into_the_state_that_it_always_did(name: str) -> None:
    state = as_json(folded(name))
    # A later release may add to a state, but never remove or change anything in it.
    assert of_known(state, CORPUS[name]["state"]) == CORPUS[name]["state"]


def of_known(state: Any, golden: Any) -> Any:
    """Return what a state has of the keys of a golden one, at any depth."""
    if not isinstance(golden, dict):
        return state
    return {key: of_known(state[key], golden[key]) for key in golden}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_event_of_the_current_version_is_written_as_it_always_was(name: str) -> None:
    golden = CORPUS[name]
    if golden["schemaVersion"] < TYPES[golden["type"]].schema_version:
        pytest.skip("Another version is written now; this one is only read.")
    written = encode(event_of(golden))
    personal = None if written.personal is None else written.personal.decode()
    assert (written.data, personal) == (golden["data"], golden["personal"])


def test_every_released_type_and_version_is_in_the_corpus() -> None:
    released = {
        f"{name}.{version}"
        for name, kind in TYPES.items()
        for version in range(1, kind.schema_version + 1)
    }
    assert released <= CORPUS.keys()


@pytest.mark.parametrize("name", CORPUS)
def test_a_file_is_named_for_its_type_and_version(name: str) -> None:
    kind, version, *_ = name.split(".")
    assert (CORPUS[name]["type"], CORPUS[name]["schemaVersion"]) == (kind, int(version))
