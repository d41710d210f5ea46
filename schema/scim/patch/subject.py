"""Which attribute a refused PATCH message is about, if the refusal itself does not name it."""

from typing import Any

from schema.scim.errors import ScimError
from schema.scim.patch.operations import read_patch
from schema.scim.patch.path import parse_path
from schema.scim.resource_type import ResourceType
from schema.scim.subject import known_name


def attribute_of_patch(body: Any, resource_type: ResourceType, resource_id: str) -> str | None:
    """Return the attribute of the first operation that is refused when sent alone; None if it names none."""
    for operation in _operations(body):
        try:
            read_patch({"Operations": [operation]}, resource_type, resource_id)
        except ScimError:
            given = {key.lower(): value for key, value in operation.items()}
            return _of_path(given.get("path"), resource_type)
    return None


def _operations(body: Any) -> list[dict[str, Any]]:
    sent = next((body[key] for key in body if key.lower() == "operations"), None)
    return [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []


def _of_path(text: Any, resource_type: ResourceType) -> str | None:
    if not isinstance(text, str):
        return None
    try:
        path = parse_path(text, resource_type)
    except ScimError:
        return known_name(text.partition("[")[0], resource_type)
    return str(path.attribute_path) if path else None
