"""Where filters and orders find the values of each attribute in the directory's tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from projections.directory.queries.relations import PRESENT, Relations
from schema.scim import urns

SORTED_LENGTH_MAX = 1_000  # Characters of a text that decide an order. A cursor carries them.
KEY_LENGTH_MAX = 256  # Characters. Longer keys are cut, because an index entry is limited in size.


class Kind(Enum):
    """How a column compares."""

    TEXT = auto()  # In its comparable form.
    LOCATION = auto()  # Text that follows the base URL of the service.
    UUID = auto()  # NOT NULL, as text in lower case.
    BOOLEAN = auto()  # NOT NULL.
    INSTANT = auto()
    JSON = auto()  # jsonb: a boolean, a number, or a value that is only tested for presence.


@dataclass(frozen=True, slots=True)
class Column:
    """An SQL expression for a single value. It is NULL if there is no value."""

    sql: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Rows:
    """The elements of a multi-valued attribute: what follows FROM, and where each sub-attribute is.

    A sub-attribute without a column is in `json`, under its name.
    """

    sql: str
    columns: Mapping[str, Column]
    json: str = "NULL::jsonb"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: attributes that have a column, attributes that are rows of another table, the rest in `json`.

    `keys` maps an attribute to a condition that an index serves. It holds whenever the attribute equals $.
    """

    name: str
    columns: Mapping[str, Column]
    rows: Mapping[str, Rows]
    keys: Mapping[str, str] = field(default_factory=dict)
    json: str = "r.search"
    relations: Relations = PRESENT

    @property
    def relation(self) -> str:
        """Return what the rows are read from."""
        return self.relations.users if self.name == "users" else self.relations.groups

    @property
    def is_past(self) -> bool:
        """Return whether the rows are those of a position of the log."""
        return self.relations.position is not None


def _common(resource_type: str) -> dict[str, Column]:
    """Return the columns of RFC 7643 §3.1's attributes."""
    return {
        "id": Column("r.id", Kind.UUID),
        "externalId": Column("r.external_id", Kind.TEXT),
        "meta": Column("r.id", Kind.UUID),  # Only tested for presence.
        "meta.resourceType": Column(f"'{resource_type}'::text", Kind.TEXT),
        "meta.created": Column("r.created_at", Kind.INSTANT),
        "meta.lastModified": Column("r.modified_at", Kind.INSTANT),
        "meta.location": Column(f"('/{resource_type}s/' || r.id::text)", Kind.LOCATION),
        "meta.version": Column("('W/\"' || r.version::text || '\"')", Kind.TEXT),
    }


def users_table(relations: Relations) -> Table:
    """Return the users of the directory, as it is or as it was."""
    # Only groups that a user belongs to directly; nested groups are not followed (RFC 7643 §4.1.2).
    groups_of_user = Rows(
        f"""{relations.memberships} AS m
 WHERE m.organization_id = r.organization_id
   AND m.member_id = r.id""",
        {
            "value": Column("m.group_id", Kind.UUID),
            "$ref": Column("('/Groups/' || m.group_id::text)", Kind.LOCATION),
            "type": Column("'direct'::text", Kind.TEXT),
            "display": Column(
                f"""(SELECT g.display_name_key
  FROM {relations.groups} AS g
 WHERE g.organization_id = m.organization_id
   AND g.id = m.group_id)""",  # noqa: S608 - relations are ours.
                Kind.TEXT,
            ),
        },
    )
    return Table(
        name="users",
        columns={
            **_common("User"),
            "userName": Column("r.user_name_key", Kind.TEXT),
            "displayName": Column("r.display_name_key", Kind.TEXT),
            "active": Column("r.active", Kind.BOOLEAN),
            "roleId": Column("r.role_id", Kind.UUID),
        },
        rows={"groups": groups_of_user},
        keys={} if relations.position is not None else _KEYS,
        relations=relations,
    )


def groups_table(relations: Relations) -> Table:
    """Return the groups of the directory, as it is or as it was."""
    members_of_group = Rows(
        f"""{relations.memberships} AS m
 WHERE m.organization_id = r.organization_id
   AND m.group_id = r.id""",
        {
            "value": Column("m.member_id", Kind.UUID),
            "$ref": Column("('/' || m.member_type || 's/' || m.member_id::text)", Kind.LOCATION),
            "type": Column("lower(m.member_type)", Kind.TEXT),
            "display": Column(
                f"""coalesce((SELECT u.display_name_key
  FROM {relations.users} AS u
 WHERE u.organization_id = m.organization_id
   AND u.id = m.member_id), (SELECT g.display_name_key
  FROM {relations.groups} AS g
 WHERE g.organization_id = m.organization_id
   AND g.id = m.member_id))""",  # noqa: S608 - relations are ours.
                Kind.TEXT,
            ),
        },
    )
    return Table(
        name="groups",
        columns={**_common("Group"), "displayName": Column("r.display_name_key", Kind.TEXT)},
        rows={"members": members_of_group},
        relations=relations,
    )


# The indexes of the present. An address is looked up first, in its own subquery. Postgres cannot know that it has few
# rows. With one plan for all addresses, it would otherwise also read the organization's whole index.
_KEYS = {
    "emails.value": """r.id = ANY(ARRAY(SELECT e.id
  FROM directory.users AS e
 WHERE e.email_keys @> ARRAY[$]))""",
    f"{urns.ENTERPRISE_USER}:employeeNumber": "r.employee_number_key = $",
}

USERS, GROUPS = users_table(PRESENT), groups_table(PRESENT)
