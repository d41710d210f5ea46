"""Pages by keyset: what comes after or before a row in an order, without counting rows (RFC 9865)."""

from dataclasses import dataclass, field
from uuid import UUID

from projections.filter_sql import sort_column
from projections.tables import Kind, Table
from schema.scim.resource_type import AttributePath

SQL_TYPES = {
    Kind.TEXT: "text",
    Kind.LOCATION: "text",
    Kind.UUID: "uuid",
    Kind.BOOLEAN: "boolean",
    Kind.INSTANT: "timestamptz",
    Kind.JSON: "jsonb",
}


DIRECTIONS = {False: "ASC NULLS LAST", True: "DESC NULLS FIRST"}  # Whether an order descends.


@dataclass(frozen=True, slots=True)
class Edge:
    """A row at the end of a page: its sort key as text (None: it has no value) and its id."""

    key: str | None
    id: UUID


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of the rows of an order, next to each other: a condition on `r`, and its parameters."""

    condition: str
    values: list[object] = field(default_factory=list)


ALL = Stretch("TRUE")


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a table's rows: by an expression, then by id.

    RFC 7644 §3.4.2.3: what has no value comes last where the order ascends, first where it descends.
    One that descends is the other read backward, ids too: so that one index serves both.
    """

    sql: str | None  # None: by id alone.
    sql_type: str = "text"
    is_descending: bool = False

    @property
    def key(self) -> str:
        """Return what gives a row's sort key as text."""
        return f"({self.sql})::text" if self.sql else "NULL::text"

    @property
    def text_key(self) -> str:
        """Return the sort key where tables are merged, NULL where it is a number."""
        is_text = self.sql and self.sql_type in ("text", "uuid")
        return f"({self.sql})::text" if is_text else "NULL::text"

    @property
    def number_key(self) -> str:
        """Return the sort key where tables are merged, NULL where it is a text."""
        match self.sql_type:
            case "boolean" | "jsonb":
                return f"to_jsonb({self.sql})"
            case "timestamptz":
                return f"to_jsonb(extract(epoch FROM {self.sql}))"
            case _:
                return "NULL::jsonb"

    def by(self, *, is_backward: bool) -> str:
        """Return what follows ORDER BY."""
        descends = self.descends(is_backward=is_backward)
        ids = "r.id DESC" if descends else "r.id"
        return f"{self.sql} {DIRECTIONS[descends]}, {ids}" if self.sql else ids

    def descends(self, *, is_backward: bool) -> bool:
        """Tell whether rows are read from great to small."""
        return self.is_descending != is_backward

    def beyond(self, edge: Edge, first_parameter: int, *, is_backward: bool) -> list[Stretch]:
        """Return the stretches of rows beyond an edge, in order.

        What has a value and what has none are apart: so that each is one range of an index.
        """
        descends = self.descends(is_backward=is_backward)
        sign, edge_id = "<" if descends else ">", f"${first_parameter}::uuid"
        if self.sql is None:
            return [Stretch(f"r.id {sign} {edge_id}", [edge.id])]
        void, some = Stretch(f"{self.sql} IS NULL"), Stretch(f"{self.sql} IS NOT NULL")
        if edge.key is None:
            rest = Stretch(f"{self.sql} IS NULL AND r.id {sign} {edge_id}", [edge.id])
            return [rest, some] if descends else [rest]
        key = f"${first_parameter + 1}::text::{self.sql_type}"
        rest = Stretch(f"({self.sql}, r.id) {sign} ({key}, {edge_id})", [edge.id, edge.key])
        return [rest] if descends else [rest, void]


def order_of(table: Table, sort: AttributePath | None, *, is_descending: bool) -> Order:
    """Return the order that sortBy and sortOrder ask for. Errors: InvalidPath."""
    if sort is None:
        return Order(None)
    column = sort_column(sort, table)
    is_text = column.kind in (Kind.TEXT, Kind.LOCATION)
    sql = f'({column.sql} COLLATE "C")' if is_text else f"({column.sql})"
    return Order(sql, SQL_TYPES[column.kind], is_descending)
