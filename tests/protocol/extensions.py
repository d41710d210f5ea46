"""An organization's extension, as its administrator registers it."""

from pathlib import Path
from typing import Any

import orjson

from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.schemas import register_schema
from tests.serving import Served, Tenant

FILE = Path(__file__).with_name("extension.json")
EXTENSION: dict[str, Any] = orjson.loads(FILE.read_bytes())
URN: str = EXTENSION["id"]


async def register(
    served: Served, organization: Tenant, document: dict[str, Any] = EXTENSION
) -> bool:
    """Register an extension for an organization; return whether that changed anything."""
    found = await find_organization(served.runtime, str(organization.id))
    return await register_schema(
        served.runtime, found, orjson.dumps(document), provenance=cli_provenance()
    )


def attribute(name: str) -> str:
    """Return the path of an attribute of the extension."""
    return f"{URN}:{name}"


def with_attributes(*attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the extension with only these attributes."""
    return {**EXTENSION, "attributes": list(attributes)}
