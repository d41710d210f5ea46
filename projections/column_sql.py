"""How a column compares with a value, as SQL: fixed fragments and numbered parameters."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from projections.tables import Column, Kind
from schema.scim.attributes import Attribute, AttributeType
from schema.scim.comparable import comparable
from schema.scim.expression import Comparison, Operator
from schema.scim.literal import as_decimal

UUID_LENGTH = 36
SIGNS = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.GT: ">",
    Operator.GE: ">=",
    Operator.LT: "<",
    Operator.LE: "<=",
}
IN_JSON = frozenset(
    {
        AttributeType.BOOLEAN,
        AttributeType.INTEGER,
        AttributeType.DECIMAL,
        AttributeType.COMPLEX,
    }
)


@dataclass(slots=True)
class Parameters:
    """The values of a statement in the making; the first one's number is given."""

    first: int
    base_url: str
    values: list[object] = field(default_factory=list)

    def add(self, value: object, sql_type: str) -> str:
        """Return how SQL names a further value."""
        self.values.append(value)
        return f"${self.first + len(self.values) - 1}::{sql_type}"


def json_column(json: str, keys: str, attribute: Attribute) -> Column:
    """Return the column of a single-valued attribute that is in a JSON document under some keys."""
    if attribute.type in IN_JSON:
        return Column(f"({json} #> {keys})", Kind.JSON)
    return Column(f"({json} #>> {keys})", Kind.TEXT)


def form(comparison: Comparison) -> Any:
    """Return the literal of a comparison in the form that search documents and keys hold."""
    return comparable(comparison.path.target, comparison.value)


def test(column: Column, comparison: Comparison, parameters: Parameters) -> str:
    """Return the condition that a value satisfies a comparison; NULL where there is no value."""
    operator, literal, sql = comparison.operator, form(comparison), column.sql
    match column.kind:
        case Kind.TEXT:
            return _test_text(sql, operator, parameters.add(literal, "text"))
        case Kind.LOCATION:
            located = f"({parameters.add(parameters.base_url, 'text')} || {sql})"
            return _test_text(located, operator, parameters.add(literal, "text"))
        case Kind.UUID:
            return _test_uuid(sql, operator, literal, parameters)
        case Kind.BOOLEAN:  # No parameter, so that an index on some of the rows serves.
            return sql if literal is (operator is Operator.EQ) else f"(NOT {sql})"
        case Kind.INSTANT:
            moment = parameters.add(datetime.fromisoformat(literal), "timestamptz")
            return f"({sql} {SIGNS[operator]} {moment})"
        case Kind.JSON:
            return f"({sql} {SIGNS[operator]} {_json_parameter(literal, parameters)})"
    raise AssertionError(column.kind)


def _test_text(sql: str, operator: Operator, value: str) -> str:
    match operator:
        case Operator.EQ | Operator.NE:
            return f"({sql} {SIGNS[operator]} {value})"
        case Operator.CO:
            return f"(strpos({sql}, {value}) > 0)"
        case Operator.SW:
            return f'({sql} COLLATE "C" ^@ {value})'
        case Operator.EW:
            return f"(right({sql}, char_length({value})) = {value})"
        case _:
            return f'({sql} COLLATE "C" {SIGNS[operator]} {value})'


def _test_uuid(sql: str, operator: Operator, text: str, parameters: Parameters) -> str:
    """Compare an id; a text that is none differs from all of them."""
    if operator not in (Operator.EQ, Operator.NE):
        return _test_text(f"{sql}::text", operator, parameters.add(text, "text"))
    value = as_uuid(text)
    if value is None:
        return "FALSE" if operator is Operator.EQ else "TRUE"
    return f"({sql} {SIGNS[operator]} {parameters.add(value, 'uuid')})"


def as_uuid(text: str) -> UUID | None:
    """Return the UUID that Postgres writes as this text, None if there is none."""
    try:
        value = UUID(text) if len(text) == UUID_LENGTH else None
    except ValueError:
        return None
    return value if str(value) == text else None


def _json_parameter(literal: Any, parameters: Parameters) -> str:
    if isinstance(literal, bool):
        return f"to_jsonb({parameters.add(literal, 'boolean')})"
    return f"to_jsonb({parameters.add(as_decimal(literal), 'numeric')})"
