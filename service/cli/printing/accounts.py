"""What commands print about technical accounts: lines or JSON."""

from collections.abc import Sequence
from typing import Any

from projections.directory.accounts import Account
from schema.events.organization import Organization
from service.cli.process import output
from service.terminal import printable


def created(account: Account, organization: Organization, *, as_json: bool) -> str:
    """Return an account that was just made."""
    if as_json:
        return output.as_json(_document(account, organization))
    return f"Account {printable(account.user_name)} is {account.id}"


def accounts(listed: Sequence[Account], organization: Organization, *, as_json: bool) -> str:
    """Return the technical accounts of an organization."""
    if as_json:
        return output.as_json([_document(each, organization) for each in listed])
    lines = [
        f"{each.id}  {each.created_at:%Y-%m-%d}  {_state(each, organization):<24}  "
        f"{'listed' if each.listed_in_scim else 'unlisted'}  {printable(each.user_name)}"
        for each in listed
    ]
    return "\n".join(lines) or "There is no technical account: scim-ledger account create"


def _state(account: Account, organization: Organization) -> str:
    role = organization.role_name(account.role_id) or "no role"
    return f"{'active' if account.active else 'deactivated'}, {role}"


def _document(account: Account, organization: Organization) -> dict[str, Any]:
    """Return an account as the admin API answers it."""
    return {
        "id": str(account.id),
        "userName": account.user_name,
        "displayName": account.display_name,
        "active": account.active,
        "role": organization.role_name(account.role_id),
        "listedInScim": account.listed_in_scim,
        "createdAt": account.created_at.isoformat(),
    }
