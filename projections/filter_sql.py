"""Filters and orders read as SQL over the directory; schema.scim.expression tells what they mean.

The main table is `r`. Nothing that a client sent is in the SQL's text, and nothing stored is cast from
text, so that no value can make it fail. A condition may be NULL, which counts as false: comparisons
stay plain, and indexes serve them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from projections.column_sql import Parameters, form, json_column, test
from projections.tables import (
    GROUPS,
    KEY_LENGTH_MAX,
    SORTED_LENGTH_MAX,
    USERS,
    Column,
    Kind,
    Rows,
    Table,
)
from schema.scim.comparison import comparable_path, is_never_returned
from schema.scim.errors import InvalidPath
from schema.scim.expression import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from schema.scim.literal import UnfitError
from schema.scim.resource_type import AttributePath

__all__ = ["GROUPS", "USERS", "Table", "compile_filter", "compile_sort"]


def compile_filter(
    chosen: Filter, table: Table, first_parameter: int = 1, *, base_url: str = ""
) -> tuple[str, list[object]]:
    """Return the condition on `r`, a row of the table, and the values from $first_parameter on.

    The base URL is what `meta.location` and `$ref` begin with. Choosing the organization is left to the
    caller; memberships are looked up in the organization of `r`.
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
    return _exists(rows, f"({_column(_in_element(path), rows, parameters).sql} IS NOT NULL)")


def _comparison(chosen: Comparison, scope: Table | Rows, parameters: Parameters) -> str:
    path, is_different = chosen.path, chosen.operator is Operator.NE
    if not path.attribute.multi_valued:
        holds = test(_column(path, scope, parameters), chosen, parameters)
        return f"({holds} IS NOT FALSE)" if is_different else holds
    rows = _rows(path, scope, parameters)
    column = _column(_in_element(path), rows, parameters)
    holds = _exists(rows, test(column, chosen, parameters))
    return f"({holds} OR NOT {_present(path, scope, parameters)})" if is_different else holds


def _exists(rows: Rows, condition: str) -> str:
    return f"EXISTS (SELECT FROM {rows.sql} AND {condition})"


def _with_key(
    condition: str, conjuncts: Sequence[Comparison], scope: Table | Rows, parameters: Parameters
) -> str:
    """Return a condition with what an index can answer of it, where comparisons in it all must hold.

    Keys are cut where an index could not hold them: longer ones are left to the condition alone.
    """
    keys = scope.keys if isinstance(scope, Table) else {}
    for each in conjuncts:
        key = keys.get(str(each.path)) if each.operator is Operator.EQ else None
        if key and len(form(each)) < KEY_LENGTH_MAX:
            return f"({key.replace('$', parameters.add(form(each), 'text'))} AND {condition})"
    return condition


def _conjuncts(path: AttributePath, inner: Filter) -> Iterator[Comparison]:
    """Yield the comparisons that all hold where a value path does, their paths from the top."""
    match inner:
        case And(terms):
            for term in terms:
                yield from _conjuncts(path, term)
        case Comparison():
            yield replace(inner, path=replace(path, sub_attribute=inner.path.attribute))
        case _:
            return


def _column(path: AttributePath, scope: Table | Rows, parameters: Parameters) -> Column:
    """Return where a single value is."""
    column = scope.columns.get(str(path))
    if column is None:
        keys = parameters.add(_keys(path), "text[]")
        column = json_column(scope.json, keys, path.target)
    return column


def _rows(path: AttributePath, scope: Table | Rows, parameters: Parameters) -> Rows:
    """Return the elements of a multi-valued attribute."""
    whole = replace(path, sub_attribute=None)
    if isinstance(scope, Table) and (rows := scope.rows.get(str(whole))):
        return rows
    keys = parameters.add(_keys(whole), "text[]")
    sql = f"jsonb_path_query({scope.json} #> {keys}, '$[*]') AS m (element) WHERE TRUE"
    return _elements(path, "m.element", sql)


def _elements(path: AttributePath, json: str, sql: str = "") -> Rows:
    """Return elements in JSON; that of a simple attribute is its own `value`."""
    if path.attribute.is_complex:
        return Rows(sql, {}, json)
    return Rows(sql, {"value": json_column(json, "'{}'", path.attribute)}, json)


def _in_element(path: AttributePath) -> AttributePath:
    """Return a path of a multi-valued attribute as it starts at an element."""
    return AttributePath(path.sub_attribute or replace(path.attribute, name="value"))


def _keys(path: AttributePath) -> list[str]:
    """Return the keys that lead to a value in a document."""
    names = [path.extension, path.attribute.name, path.sub_attribute and path.sub_attribute.name]
    return [name for name in names if name]


def compile_sort(path: AttributePath, table: Table) -> str:
    """Return what ORDER BY orders by, NULL where there is no value (RFC 7644 §3.4.2.3).

    Errors: InvalidPath, as of sort_column.
    """
    column = sort_column(path, table)
    return f'{column.sql} COLLATE "C"' if column.kind in (Kind.TEXT, Kind.LOCATION) else column.sql


def sort_column(path: AttributePath, table: Table) -> Column:
    """Return the value that a row is sorted by: of many, the primary one, or else the first.

    Of a text the beginning decides, then the id: so that a cursor, which carries it, stays short.
    Names of attributes are in the SQL, quoted.
    Errors: InvalidPath for a complex attribute without `value`, and for one that is never returned.
    """
    if is_never_returned(path):
        raise InvalidPath(f"{path} is never returned, so that nothing can be sorted by it.")
    try:
        comparable = comparable_path(path)
    except UnfitError as error:
        raise InvalidPath(f"sortBy: {error}.") from None
    if column := table.columns.get(str(comparable)):
        return column  # Indexed as it is, and so short enough.
    column = _sort_column(comparable, table)
    is_text = column.kind is Kind.TEXT
    return replace(column, sql=f"left({column.sql}, {SORTED_LENGTH_MAX})") if is_text else column


def _sort_column(path: AttributePath, table: Table) -> Column:
    if not path.attribute.multi_valued:
        return json_column(table.json, _quoted(_keys(path)), path.target)
    whole, within = replace(path, sub_attribute=None), _in_element(path)
    if rows := table.rows.get(str(whole)):
        least = f'min({rows.columns[str(within)].sql}::text COLLATE "C")'
        return Column(f"(SELECT {least} FROM {rows.sql})", Kind.TEXT)  # noqa: S608 - fixed fragments.
    values = f"({table.json} #> {_quoted(_keys(whole))})"
    first = (
        f"coalesce(jsonb_path_query_first({values}, '$[*] ? (@.primary == true)'), {values} -> 0)"
    )
    return _elements(path, first).columns.get(str(within)) or json_column(
        first, _quoted(_keys(within)), within.target
    )


def _quoted(keys: Sequence[str]) -> str:
    """Return keys as an SQL literal. They come from schemas, not from clients of the endpoint."""
    return f"ARRAY[{', '.join(_quote(key) for key in keys)}]"


def _quote(text: str) -> str:
    if "\\" in text:
        raise AssertionError(text)  # RFC 7643 §2.1 gives names no backslash.
    return "'" + text.replace("'", "''") + "'"
