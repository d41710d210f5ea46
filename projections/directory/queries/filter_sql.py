"""Turn filters into SQL over the directory. `schema/scim/filter/expression.py` says what filters mean.

The main table is `r`. The text of the SQL holds nothing that a client sent. Stored values are never cast
from text, because a cast could fail. A condition may be NULL, which counts as false. Comparisons therefore
stay simple, and indexes serve them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from projections.directory.queries.columns import KEY_LENGTH_MAX, Column, Kind, Rows, Table
from schema.scim.attributes import Attribute, AttributeType
from schema.scim.filter.comparable import comparable
from schema.scim.filter.expression import (
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from schema.scim.filter.literal import as_decimal
from schema.scim.resource_type import AttributePath

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
    """Collects the parameters of a statement. `first` is the number of the first one."""

    first: int
    base_url: str
    values: list[object] = field(default_factory=list)

    def add(self, value: object, sql_type: str) -> str:
        """Add a value, and return how SQL refers to it."""
        self.values.append(value)
        return f"${self.first + len(self.values) - 1}::{sql_type}"


def compile_filter(
    chosen: Filter, table: Table, first_parameter: int = 1, *, base_url: str = ""
) -> tuple[str, list[object]]:
    """Return the condition on `r`, a row of the table, and the values from $first_parameter on.

    `meta.location` and `$ref` begin with the base URL. The caller restricts `r` to an organization;
    memberships are looked up in the organization of `r`.
    """
    parameters = Parameters(first_parameter, base_url)
    return _condition(chosen, table, parameters), parameters.values


def _condition(chosen: Filter, scope: Table | Rows, parameters: Parameters) -> str:
    match chosen:
        case And(terms):
            return f"({' AND '.join(_condition(each, scope, parameters) for each in terms)})"
        case Or(terms):
            return f"({' OR '.join(_condition(each, scope, parameters) for each in terms)})"
        case Not(term):
            return f"({_condition(term, scope, parameters)} IS NOT TRUE)"
        case Present(path):
            return _present(path, scope, parameters)
        case Comparison():
            condition = _comparison(chosen, scope, parameters)
            return _with_key(condition, [chosen], scope, parameters)
        case ValuePath(path, inner):
            rows = _rows(path, scope, parameters)
            condition = _exists(rows, _condition(inner, rows, parameters))
            return _with_key(condition, list(_conjuncts(path, inner)), scope, parameters)
    raise AssertionError(chosen)


def _present(path: AttributePath, scope: Table | Rows, parameters: Parameters) -> str:
    if not path.attribute.multi_valued:
        return f"({_column(path, scope, parameters).sql} IS NOT NULL)"
    rows = _rows(path, scope, parameters)
    if path.sub_attribute is None:
        return _exists(rows, "TRUE")
    return _exists(rows, f"({_column(in_element(path), rows, parameters).sql} IS NOT NULL)")


def _comparison(chosen: Comparison, scope: Table | Rows, parameters: Parameters) -> str:
    path, is_different = chosen.path, chosen.operator is Operator.NE
    if not path.attribute.multi_valued:
        holds = _test(_column(path, scope, parameters), chosen, parameters)
        return f"({holds} IS NOT FALSE)" if is_different else holds
    rows = _rows(path, scope, parameters)
    column = _column(in_element(path), rows, parameters)
    holds = _exists(rows, _test(column, chosen, parameters))
    return f"({holds} OR NOT {_present(path, scope, parameters)})" if is_different else holds


def _exists(rows: Rows, condition: str) -> str:
    return f"EXISTS (SELECT FROM {rows.sql} AND {condition})"


def _with_key(
    condition: str, conjuncts: Sequence[Comparison], scope: Table | Rows, parameters: Parameters
) -> str:
    """Return a condition, with an indexed key in front of it if one of its required comparisons has one.

    Keys in an index are cut to a length. Longer literals use the condition alone.
    """
    keys = scope.keys if isinstance(scope, Table) else {}
    for each in conjuncts:
        key = keys.get(str(each.path)) if each.operator is Operator.EQ else None
        if key and len(_form(each)) < KEY_LENGTH_MAX:
            return f"({key.replace('$', parameters.add(_form(each), 'text'))} AND {condition})"
    return condition


def _conjuncts(path: AttributePath, inner: Filter) -> Iterator[Comparison]:
    """Yield the comparisons that must all hold if a value path holds, with their full paths."""
    match inner:
        case And(terms):
            for term in terms:
                yield from _conjuncts(path, term)
        case Comparison():
            yield replace(inner, path=replace(path, sub_attribute=inner.path.attribute))
        case _:
            return


def _column(path: AttributePath, scope: Table | Rows, parameters: Parameters) -> Column:
    """Return the column of a single value."""
    column = scope.columns.get(str(path))
    if column is None:
        keys = parameters.add(keys_of(path), "text[]")
        column = json_column(scope.json, keys, path.target)
    return column


def _rows(path: AttributePath, scope: Table | Rows, parameters: Parameters) -> Rows:
    """Return the elements of a multi-valued attribute."""
    whole = replace(path, sub_attribute=None)
    if isinstance(scope, Table) and (rows := scope.rows.get(str(whole))):
        return rows
    keys = parameters.add(keys_of(whole), "text[]")
    sql = f"jsonb_path_query({scope.json} #> {keys}, '$[*]') AS m (element) WHERE TRUE"
    return elements(path, "m.element", sql)


def json_column(json: str, keys: str, attribute: Attribute) -> Column:
    """Return the column of a single-valued attribute that a JSON document holds under some keys."""
    if attribute.type in IN_JSON:
        return Column(f"({json} #> {keys})", Kind.JSON)
    return Column(f"({json} #>> {keys})", Kind.TEXT)


def elements(path: AttributePath, json: str, sql: str = "") -> Rows:
    """Return elements that are in JSON. The element of a simple attribute is its own `value`."""
    if path.attribute.is_complex:
        return Rows(sql, {}, json)
    return Rows(sql, {"value": json_column(json, "'{}'", path.attribute)}, json)


def in_element(path: AttributePath) -> AttributePath:
    """Return a path of a multi-valued attribute, relative to an element."""
    return AttributePath(path.sub_attribute or replace(path.attribute, name="value"))


def keys_of(path: AttributePath) -> list[str]:
    """Return the keys that lead to a value in a document."""
    names = [path.extension, path.attribute.name, path.sub_attribute and path.sub_attribute.name]
    return [name for name in names if name]


def _form(comparison: Comparison) -> Any:
    """Return the literal of a comparison in the form that search documents and keys hold."""
    return comparable(comparison.path.target, comparison.value)


def _test(column: Column, comparison: Comparison, parameters: Parameters) -> str:
    """Return the condition that a value satisfies a comparison. It is NULL if there is no value."""
    operator, literal, sql = comparison.operator, _form(comparison), column.sql
    match column.kind:
        case Kind.TEXT:
            return _test_text(sql, operator, parameters.add(literal, "text"))
        case Kind.LOCATION:
            located = f"({parameters.add(parameters.base_url, 'text')} || {sql})"
            return _test_text(located, operator, parameters.add(literal, "text"))
        case Kind.UUID:
            return _test_uuid(sql, operator, literal, parameters)
        case Kind.BOOLEAN:  # No parameter, because a partial index needs a constant.
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
    """Compare an id. A text that is no UUID differs from every id."""
    if operator not in (Operator.EQ, Operator.NE):
        return _test_text(f"{sql}::text", operator, parameters.add(text, "text"))
    value = _as_uuid(text)
    if value is None:
        return "FALSE" if operator is Operator.EQ else "TRUE"
    return f"({sql} {SIGNS[operator]} {parameters.add(value, 'uuid')})"


def _as_uuid(text: str) -> UUID | None:
    """Return the UUID that Postgres writes exactly as this text, or None."""
    try:
        value = UUID(text) if len(text) == UUID_LENGTH else None
    except ValueError:
        return None
    return value if str(value) == text else None


def _json_parameter(literal: Any, parameters: Parameters) -> str:
    if isinstance(literal, bool):
        return f"to_jsonb({parameters.add(literal, 'boolean')})"
    return f"to_jsonb({parameters.add(as_decimal(literal), 'numeric')})"
