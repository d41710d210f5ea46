"""The description of our APIs (OpenAPI 3.1), written from the same table and messages that serve them. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from service.api.models import Message, Problem
from service.api.problem import MEDIA_TYPE
from service.api.read import NAMES
from service.api.route import JSON, Api, Route
from service.callers.scopes import MEANINGS

OPENAPI: Final = "3.1.0"
REFS: Final = "#/components/schemas/{model}"
SCHEME: Final = "bearer"
PAGE: Final = re.compile(r"Page(?:Position)?_(\w+?)_$")  # pydantic's name for a page of rows.
REQUEST_ID_HEADER: Final = {
    "description": "The X-Request-Id that the client sent, else the id that the service gave the request.",
    "schema": {"type": "string"},
}


def describe(apis: Sequence[Api], *, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of some APIs."""
    routes = [(api, route) for api in apis for route in api.routes]
    refs, schemas = _schemas([route for _, route in routes])
    paths: dict[str, dict[str, Any]] = {}
    for api, route in routes:
        operation = _operation(api, route, refs)
        paths.setdefault(api.prefix + route.path, {})[route.method.lower()] = operation
    return {
        "openapi": OPENAPI,
        "info": {"title": title, "version": version, "description": _introduction()},
        "servers": [{"url": "/"}],
        "tags": [{"name": api.title} for api in apis],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "responses": {
                "Problem": {
                    "description": "The request was refused (RFC 9457).",
                    "headers": {"X-Request-Id": REQUEST_ID_HEADER},
                    "content": {MEDIA_TYPE: {"schema": refs[Problem, "serialization"]}},
                }
            },
        },
    }


def _introduction() -> str:
    scopes = "\n".join(f"- `{name}`: {meaning}" for name, meaning in MEANINGS.items())
    return (
        "Send a bearer token. The security requirement of each operation names the scope that the token "
        f"must have; `X` includes `X:read`.\n\n{scopes}"
    )


def _schemas(routes: Iterable[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return a reference for each (message, mode), and all schemas by name."""
    wanted: dict[tuple[type[Message], Any], None] = {(Problem, "serialization"): None}
    for route in routes:
        if route.body is not None:
            wanted[route.body, "validation"] = None
        if route.query is not None:
            wanted[route.query, "validation"] = None
        if route.answer is not None:
            wanted[route.answer, "serialization"] = None
    found, document = models_json_schema(list(wanted), ref_template=REFS)
    definitions: dict[str, Any] = document.get("$defs", {})
    names = {name: PAGE.sub(r"\1Page", name) for name in definitions}
    return _renamed(found, names), {
        names[name]: _renamed(schema, names) for name, schema in definitions.items()
    }


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Return a schema with its references renamed."""
    if isinstance(value, dict):
        return {
            key: _new_reference(each, names) if key == "$ref" else _renamed(each, names)
            for key, each in value.items()
        }
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def _new_reference(reference: str, names: dict[str, str]) -> str:
    place, _, name = reference.rpartition("/")
    return f"{place}/{names.get(name, name)}"


def _operation(api: Api, route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(api, route),
        "summary": route.summary,
        "tags": [api.title],
        "security": [{SCHEME: [route.scope]}],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {str(route.status): _answer(route, refs), "default": _PROBLEM},
    }
    if route.body is not None:
        content = {"schema": refs[route.body, "validation"]}
        operation["requestBody"] = {
            "required": not route.may_omit_body,
            "content": dict.fromkeys(route.media_types, content),
        }
    return operation


_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


def _operation_id(api: Api, route: Route) -> str:
    """Return a name such as adminPostTokensIdRevoke."""
    words = [api.prefix.split("/")[2], route.method, *re.findall(r"\w+", route.path)]
    first, *rest = (re.sub(r"\W", "", each) for each in words)
    return first + "".join(
        each.capitalize() if each.isupper() else each[0].upper() + each[1:] for each in rest
    )


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {
                "type": "string",
                **({"format": "uuid"} if name == "id" or name.endswith("Id") else {"minLength": 1}),
            },
        }
        for name in NAMES.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template=REFS)
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each.get("description", ""),
            "schema": _without_null(each),
        }
        for name, each in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that may be left out: a query cannot hold null."""
    kept = {
        key: each for key, each in schema.items() if key not in {"anyOf", "description", "title"}
    }
    if kept.get("default", ...) is None:
        del kept["default"]
    branches = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return (
        {**kept, **branches[0]}
        if len(branches) == 1
        else {**kept, "anyOf": branches}
        if branches
        else kept
    )


def _answer(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "Done." if route.answer is None else "The answer.",
        "headers": {"X-Request-Id": REQUEST_ID_HEADER},
    }
    if route.answer is not None:
        answer["content"] = {route.produces: {"schema": refs[route.answer, "serialization"]}}
    elif route.produces != JSON:
        answer["content"] = {route.produces: {}}
    return answer
