"""From a body to a command: the same for a single request and for an operation of a bulk."""

from typing import Any
from uuid import UUID

from schema.scim.definitions import GROUP
from schema.scim.errors import ScimError
from schema.scim.patch.operations import Patch, read_patch
from schema.scim.patch.subject import attribute_of_patch
from schema.scim.resource import Reading, assignments, read_document
from schema.scim.resource_type import ResourceType
from schema.scim.subject import name_attribute
from service.scim.context import RequestContext
from service.scim.strict import refuse_loose_document, refuse_loose_patch
from service.scim.unknown_names import note_ignored
from service.write.commands import (
    CreateGroup,
    CreateUser,
    PatchGroup,
    PatchUser,
    Precondition,
    ReplaceGroup,
    ReplaceUser,
)


def create_user(context: RequestContext, user_id: UUID, body: Any) -> CreateUser:
    """Return the command of a POST. Errors: those of read_document."""
    reading = _read_document(context, body, context.authenticated.user_type)
    note_ignored("User", reading.ignored)
    return CreateUser(user_id, reading.document, context.authenticated.user_type)


def replace_user(
    context: RequestContext, user_id: UUID, body: Any, precondition: Precondition
) -> ReplaceUser:
    """Return the command of a PUT. Errors: those of read_document."""
    user_type = context.authenticated.user_type
    reading = _read_document(context, body, user_type, is_put=True)
    note_ignored("User", reading.ignored)
    return ReplaceUser(user_id, reading.document, user_type, precondition, reading.role_ids)


def patch_user(
    context: RequestContext, user_id: UUID, body: Any, precondition: Precondition
) -> PatchUser:
    """Return the command of a PATCH. Errors: those of read_patch."""
    patch = _read_patch(context, body, context.authenticated.user_type, str(user_id))
    note_ignored("User", patch.ignored)
    return PatchUser(user_id, patch, context.authenticated.user_type, precondition)


def create_group(context: RequestContext, group_id: UUID, body: Any) -> CreateGroup:
    """Return the command of a POST. Errors: those of read_document."""
    reading = _read_document(context, body, GROUP)
    note_ignored("Group", reading.ignored)
    return CreateGroup(group_id, reading.document)


def replace_group(
    context: RequestContext, group_id: UUID, body: Any, precondition: Precondition
) -> ReplaceGroup:
    """Return the command of a PUT. Errors: those of read_document."""
    reading = _read_document(context, body, GROUP)
    note_ignored("Group", reading.ignored)
    is_emptied = any(
        str(path) == "members" and value == [] for path, value in assignments(body, GROUP, [])
    )
    return ReplaceGroup(group_id, reading.document, precondition, is_emptied=is_emptied)


def patch_group(
    context: RequestContext, group_id: UUID, body: Any, precondition: Precondition
) -> PatchGroup:
    """Return the command of a PATCH. Errors: those of read_patch."""
    patch = _read_patch(context, body, GROUP, str(group_id))
    note_ignored("Group", patch.ignored)
    return PatchGroup(group_id, patch, precondition)


def _read_document(
    context: RequestContext, body: Any, resource_type: ResourceType, *, is_put: bool = False
) -> Reading:
    """Return a resource as read_document does; a refusal names its attribute for the log."""
    try:
        return _conformant_document(context, body, resource_type, is_put=is_put)
    except ScimError as refusal:
        name_attribute(refusal, resource_type)
        raise


def _conformant_document(
    context: RequestContext, body: Any, resource_type: ResourceType, *, is_put: bool
) -> Reading:
    """Return a resource; where the organization asks for it, only one that the profiles allow."""
    reading = read_document(body, resource_type, is_put=is_put)
    organization = context.authenticated.caller.organization
    if organization.setting("strict"):
        has_password = organization.setting("passwordInSchema")
        refuse_loose_document(body, resource_type, reading.ignored, has_password=has_password)
    return reading


def _read_patch(
    context: RequestContext, body: Any, resource_type: ResourceType, resource_id: str
) -> Patch:
    """Return operations as read_patch does; a refusal names its attribute for the log."""
    try:
        return _conformant_patch(context, body, resource_type, resource_id)
    except ScimError as refusal:
        name_attribute(refusal, resource_type)
        if refusal.attribute is None and isinstance(body, dict):
            refusal.attribute = attribute_of_patch(body, resource_type, resource_id)
        raise


def _conformant_patch(
    context: RequestContext, body: Any, resource_type: ResourceType, resource_id: str
) -> Patch:
    """Return operations; where the organization asks for it, only those that the profiles allow."""
    patch = read_patch(body, resource_type, resource_id)
    if context.authenticated.caller.organization.setting("strict"):
        refuse_loose_patch(body, patch.ignored)
    return patch
