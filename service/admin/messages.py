"""The messages of the admin API: what it takes and what it answers."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from service.api.models import Message


class OrganizationRow(Message):
    """An organization."""

    id: UUID
    name: str
    created_at: datetime


class RoleRow(Message):
    """A role of the organization."""

    id: UUID = Field(description="The value of roleId in this organization.")
    name: str
