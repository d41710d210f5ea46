"""Turn requests into messages: the names in a path, the query, the body."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schema.scim.errors import InvalidSyntax, InvalidValue, NotFound
from service.api.models import FieldProblem, Message
from service.api.problem import BadQuery, InvalidFields
from service.api.route import Route
from service.http.body import read_bytes, read_json
from service.ids import as_id

NAMES = re.compile(r"{(\w+)}")
PARAMETERS_MAX = 100
ERRORS_MAX = 20  # Fields that a refusal names.
MessageT = TypeVar("MessageT", bound=Message)


def read_path(request: web.Request, route: Route) -> Iterator[Any]:
    """Yield what stands for the names in the path, in their order. Errors: NotFound."""
    for name in NAMES.findall(route.path):
        sent = request.match_info[name]
        yield _id(sent) if name == "id" or name.endswith("Id") else sent


def _id(text: str) -> Any:
    found = as_id(text)
    if found is None:
        raise NotFound(f"There is nothing with the id {text[:100]!r}: ids are UUIDs.")
    return found


def read_query(request: web.Request, message: type[MessageT] | None) -> MessageT | None:
    """Return the query, of which each parameter is given once. Errors: BadQuery."""
    found = _parameters(request.rel_url.raw_query_string)
    if message is None:
        if found:
            raise BadQuery("This path takes no parameters; leave out the query.")
        return None
    try:
        return message.model_validate_strings(found)
    except ValidationError as error:
        known = _names(message)
        problems = [
            FieldProblem(parameter=_place(each["loc"]), detail=_detail(each, known, "parameter"))
            for each in _first(error)
        ]
        raise BadQuery(_summary("query", problems), problems) from None


def _parameters(raw: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except UnicodeDecodeError:
        raise BadQuery("The query is not UTF-8 when it is decoded; encode it as UTF-8.") from None
    except ValueError:
        raise BadQuery(f"The query has more than {PARAMETERS_MAX} parameters.") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadQuery("A parameter of the query is given twice; give it once.")
    if any("\0" in each for pair in pairs for each in pair):
        raise BadQuery("The query holds the character NUL; leave it out.")
    return found


async def read_body(request: web.Request, route: Route) -> Message | None:
    """Return the body as the message of its route.

    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax, InvalidFields.
    """
    is_sent = request.body_exists and request.content_length != 0
    if route.body is None:
        if is_sent and route.method != "GET":
            await _refuse_content(request, route)
        return None
    if not is_sent and route.may_omit_body:
        return _validated({}, route.body)
    try:
        sent = await read_json(request, route.media_types, route.body_limit_bytes)
    except InvalidValue as error:
        raise InvalidFields(error.detail) from None
    return _validated(sent, route.body)


async def _refuse_content(request: web.Request, route: Route) -> None:
    """Raise InvalidFields if a request without fields has a body other than an empty object."""
    text = await read_bytes(request, route.body_limit_bytes)
    if text.strip() not in (b"", b"{}"):
        raise InvalidFields("This request takes no fields; leave out the body.")


def _validated(sent: Any, message: type[MessageT]) -> MessageT:
    try:
        # From JSON, strict mode still reads dates and ids from texts.
        return message.model_validate_json(orjson.dumps(sent), strict=True)
    except orjson.JSONEncodeError:
        raise InvalidSyntax("The JSON nests too deep; flatten it.") from None
    except ValidationError as error:
        known = _names(message)
        problems = [
            FieldProblem(
                pointer=f"#/{_place(each['loc'])}" if each["loc"] else "#",
                detail=_detail(each, known, "field"),
            )
            for each in _first(error)
        ]
        raise InvalidFields(_summary("body", problems), problems) from None


def _first(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False, include_input=False)[:ERRORS_MAX]


def _names(message: type[Message]) -> list[str]:
    return [field.alias or name for name, field in message.model_fields.items()]


def _place(location: Iterable[int | str]) -> str:
    """Return a place in a document as a JSON Pointer's tokens (RFC 6901 §3)."""
    return "/".join(pointer_token(str(each)) for each in location)


def pointer_token(name: str) -> str:
    """Return the name of a member as a JSON Pointer has it (RFC 6901 §3), and no more than 100 characters of it."""
    return name[:100].replace("~", "~0").replace("/", "~1")


def _detail(error: Mapping[str, Any], known: list[str], what: str) -> str:
    location = error["loc"]
    match error["type"]:
        case "missing":
            return f"Give this {what}."
        case "extra_forbidden" if len(location) == 1:
            return f"There is no {what} of this name: there are {', '.join(known)}."
        case "extra_forbidden":
            return f"There is no {what} of this name here."
        case "model_type" | "model_attributes_type":
            return "Send a JSON object."
        case _:
            return f"{error['msg'].removeprefix('Value error, ').rstrip('.')}."


def _summary(what: str, problems: list[FieldProblem]) -> str:
    first = problems[0]
    place = first.parameter or (first.pointer or "#").removeprefix("#/")
    named = f"{place[:200]}: " if place != "#" else ""
    more = f" ({len(problems) - 1} more below)" if len(problems) > 1 else ""
    return f"The {what} is refused. {named}{first.detail}{more}"
