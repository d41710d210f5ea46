"""The projections there are: what each is made of, and so what a change of it is."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from projections.fold import Fold
from projections.fold_directory import DIRECTORY_FOLD
from projections.fold_history import HISTORY_FOLD
from projections.followers import Follower
from projections.history_write import HISTORY as HISTORY_FOLLOWER
from projections.statements import statement


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A projection, which lives in the Postgres schema of its name.

    `inline` ones are written in the transaction of the append, `follower`s some time later.
    """

    name: str
    fold: Fold
    modules: tuple[str, ...]  # The code that decides what its rows are,
    statements: tuple[str, ...]  # the SQL that writes them, or reads what they go on from,
    definitions: tuple[str, ...] = ()  # and the schema documents that they are made by.
    follower: Follower | None = None  # None: it is inline.

    @property
    def kind(self) -> Literal["inline", "follower"]:
        """Return when it is written."""
        return "inline" if self.follower is None else "follower"

    @property
    def next(self) -> str:
        """Return the schema that a rebuild fills."""
        return f"{self.name}_next"

    @property
    def previous(self) -> str:
        """Return the schema that the last rebuild replaced."""
        return f"{self.name}_previous"


EVENTS = tuple(
    f"schema.events.{name}"
    for name in ("codec", "event", "group", "organization", "upcast", "user")
)
DIRECTORY = Projection(
    name="directory",
    fold=DIRECTORY_FOLD,
    modules=(
        *EVENTS,
        *("projections.fold", "projections.fold_directory", "projections.rows"),
        *("projections.load", "projections.save"),
        *("projections.rebuild_catch_up", "projections.rebuild_load"),
        *("schema.scim.attributes", "schema.scim.comparable", "schema.scim.definitions"),
        *("schema.scim.resource", "schema.scim.resource_type", "schema.scim.search"),
        *("schema.scim.text", "schema.scim.urns"),
    ),
    statements=(
        *("append_and_save_users", "save_users", "delete_users", "save_groups", "delete_groups"),
        *("add_members", "remove_members", "save_organization", "save_token"),
        *("clear_users", "clear_former_users", "clear_groups", "clear_memberships"),
        *("clear_organization", "load_users", "load_groups", "load_organization", "load_tokens"),
    ),
    definitions=("common", "user", "enterprise_user", "clm_user", "group"),
)
HISTORY = Projection(
    name="history",
    fold=HISTORY_FOLD,
    follower=HISTORY_FOLLOWER,
    modules=(
        *EVENTS,
        *("projections.fold", "projections.fold_history", "projections.followers"),
        *("projections.history", "projections.history_write", "projections.rebuild_load"),
    ),
    statements=(
        *("end_role_periods", "end_access_periods", "end_membership_periods", "end_lifetimes"),
        "end_group_memberships",
    ),
)
PROJECTIONS = {each.name: each for each in (DIRECTORY, HISTORY)}


class UnknownProjection(Exception):
    """There is no projection of this name."""


def find_projection(name: str) -> Projection:
    """Return a projection by name. Errors: UnknownProjection."""
    if name not in PROJECTIONS:
        raise UnknownProjection(
            f"There is no projection {name!r}: there are {' and '.join(PROJECTIONS)}."
        )
    return PROJECTIONS[name]


def tables(name: str) -> str:
    """Return the DDL of a projection, with unqualified names."""
    return (files("schema") / "projections" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def digest(projection: Projection) -> str:
    """Return the SHA-256 of a projection's tables, code and SQL: another one asks for a rebuild.

    It also changes with a comment: asking once too often costs a rebuild, and once too few the truth.
    """
    parts = [
        tables(projection.name),
        *map(source, projection.modules),
        *map(statement, projection.statements),
        *map(definition, projection.definitions),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def source(module: str) -> str:
    """Return the text of a module."""
    package, _, name = module.rpartition(".")
    return (files(package) / f"{name}.py").read_text(encoding="utf-8")


def definition(name: str) -> str:
    """Return the text of a schema document."""
    return (files("schema.scim") / "definitions" / f"{name}.json").read_text(encoding="utf-8")
