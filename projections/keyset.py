"""Pages by keyset: what comes after or before a row in an order, without counting rows (RFC 9865)."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Edge:
    """A row at the end of a page: its sort key as text (None: it has no value) and its id."""

    key: str | None
    id: UUID


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a table's rows: by an expression, then by id.

    RFC 7644 §3.4.2.3: what has no value comes last where the order ascends, first where it descends.
    """

    sql: str | None  # None: by id alone.
    sql_type: str = "text"
    is_descending: bool = False

    @property
    def key(self) -> str:
        """Return what gives a row's sort key as text."""
        return f"({self.sql})::text" if self.sql else "NULL::text"

    def by(self, *, is_backward: bool) -> str:
        """Return what follows ORDER BY."""
        ids = "r.id DESC" if is_backward else "r.id"
        if self.sql is None:
            return ids
        direction = (
            "DESC NULLS FIRST" if self.descends(is_backward=is_backward) else "ASC NULLS LAST"
        )
        return f"{self.sql} {direction}, {ids}"

    def descends(self, *, is_backward: bool) -> bool:
        """Tell whether rows are read from great to small."""
        return self.is_descending != is_backward

    def beyond(self, edge: Edge, first_parameter: int, *, is_backward: bool) -> str:
        """Return the condition that a row is beyond an edge; its parameters are beyond_values."""
        of_id = f"r.id {'<' if is_backward else '>'} ${first_parameter}::uuid"
        if self.sql is None:
            return of_id
        descends = self.descends(is_backward=is_backward)
        if edge.key is None:
            among_void = f"({self.sql} IS NULL AND {of_id})"
            return f"({self.sql} IS NOT NULL OR {among_void})" if descends else among_void
        key = f"${first_parameter + 1}::text::{self.sql_type}"
        comparison, void = ("<", "") if descends else (">", f" OR {self.sql} IS NULL")
        return f"({self.sql} {comparison} {key} OR ({self.sql} = {key} AND {of_id}){void})"


def beyond_values(order: Order, edge: Edge) -> list[object]:
    """Return the parameters of Order.beyond."""
    return [edge.id] if order.sql is None or edge.key is None else [edge.id, edge.key]


def order_of(table: Table, sort: AttributePath | None, *, is_descending: bool) -> Order:
    """Return the order that sortBy and sortOrder ask for. Errors: InvalidPath."""
    if sort is None:
        return Order(None)
    column = sort_column(sort, table)
    is_text = column.kind in (Kind.TEXT, Kind.LOCATION)
    sql = f'({column.sql} COLLATE "C")' if is_text else f"({column.sql})"
    return Order(sql, SQL_TYPES[column.kind], is_descending)
