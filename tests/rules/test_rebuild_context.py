"""The context of a rebuild reaches its worker processes unchanged."""

import pickle
from pathlib import Path

import pytest

from eventstore.sealing.sealer import SealingKeys
from projections.maintenance.context import RebuildContext
from projections.registry import DIRECTORY, PROJECTIONS, Projection
from service.keys.places import KeyPlaces

KEYS = SealingKeys(
    (b"key",), b"names", KeyPlaces("master-secret", None, Path("/nowhere/master.key"))
)


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=lambda each: each.name)
def test_another_process_gets_the_same_projection(projection: Projection) -> None:
    context = RebuildContext("postgresql://h/d", KEYS, projection, projection.next, processes=2)
    assert pickle.loads(pickle.dumps(context)) == context  # noqa: S301 - it was made here.
    for secret in ("master-secret", "b'key'", "names"):
        assert secret not in repr(context)


def test_the_tables_of_another_schema_are_meant_by_another_context() -> None:
    context = RebuildContext("postgresql://h/d", KEYS, DIRECTORY, "directory")
    there = context.at(DIRECTORY.previous)
    assert (there.schema, there.session["search_path"]) == (
        "directory_previous",
        '"directory_previous"',
    )
    assert context.schema == "directory"
    assert there.session["application_name"] == context.session["application_name"]
