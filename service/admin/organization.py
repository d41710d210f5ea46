"""The organization of the caller: its name and settings, its roles, its extension schemas."""

import orjson

from schema.events.organization import Organization
from schema.events.settings import SETTINGS
from schema.scim.errors import InvalidValue
from service.admin.messages import (
    NewSchema,
    OrganizationPatch,
    OrganizationRow,
    RoleRow,
    SchemaRow,
)
from service.api.call import Call
from service.api.models import Page
from service.api.read import pointer_token
from service.organizations.manage import reload_organization
from service.organizations.schemas import register_schema
from service.organizations.settings import change_settings


async def read(call: Call) -> OrganizationRow:
    """GET /organization: as it is now. What the caller has of it may be half a second old."""
    return row(await reload_organization(call.runtime, call.organization))


async def change(call: Call, body: OrganizationPatch) -> OrganizationRow:
    """PATCH /organization."""
    settings = body.settings or {}
    if settings or body.name is not None:
        try:
            await change_settings(
                *(call.runtime, call.organization, settings),
                name=body.name,
                provenance=call.provenance,
            )
        except InvalidValue as refusal:
            if refusal.attribute in SETTINGS or refusal.attribute in settings:
                refusal.attribute = f"settings/{pointer_token(str(refusal.attribute))}"
            raise
    return row(await reload_organization(call.runtime, call.organization))


def row(found: Organization) -> OrganizationRow:
    """Return an organization as it is answered."""
    return OrganizationRow(
        id=found.id,
        name=found.name,
        created_at=found.created_at,
        settings={name: found.setting(name) for name in SETTINGS},
    )


async def list_roles(call: Call) -> Page[RoleRow]:
    """GET /roles."""
    rows = [RoleRow(id=role_id, name=name) for name, role_id in call.organization.roles.items()]
    return Page[RoleRow](items=rows, next_cursor=None)


async def list_schemas(call: Call) -> Page[SchemaRow]:
    """GET /schemas."""
    found = (await reload_organization(call.runtime, call.organization)).schemas
    rows = [SchemaRow(id=urn, document=document) for urn, document in found.items()]
    return Page[SchemaRow](items=rows, next_cursor=None)


async def add_schema(call: Call, body: NewSchema) -> SchemaRow:
    """POST /schemas."""
    text = orjson.dumps(body.document)
    await register_schema(call.runtime, call.organization, text, provenance=call.provenance)
    found = await reload_organization(call.runtime, call.organization)
    urn = str(body.document["id"])
    return SchemaRow(id=urn, document=found.schemas[urn])
