"""The description of our APIs: valid, complete, and true to what is served."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.app import APIS, described
from service.callers.scopes import MEANINGS
from tests.serving import Served, parsed

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> Any:
    """Give the document."""
    return parsed(described())


def operations(document: Any) -> list[dict[str, Any]]:
    """Return all operations."""
    return [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_document_is_valid_openapi(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_has_every_route_and_no_other(document: Any) -> None:
    served = {
        (api.prefix + route.path, route.method.lower()) for api in APIS for route in api.routes
    }

    assert {(path, method) for path, item in document["paths"].items() for method in item} == served


def test_every_operation_names_its_scope(document: Any) -> None:
    for operation in operations(document):
        [requirement] = operation["security"]
        [scope] = requirement["bearer"]
        assert scope in MEANINGS


def test_every_operation_says_what_it_does(document: Any) -> None:
    assert all(operation["summary"].endswith(".") for operation in operations(document))


def test_every_schema_that_a_request_sends_refuses_unknown_fields(document: Any) -> None:
    for operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_schemas_have_names_that_a_reader_understands(document: Any) -> None:
    assert all(name.isalnum() for name in document["components"]["schemas"])


async def test_the_document_is_served_without_a_token(served: Served, document: Any) -> None:
    url = f"http://127.0.0.1:{served.port}/api/openapi.json"
    async with served.session.get(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json"
        assert parsed(await response.read()) == document
