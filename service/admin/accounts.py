"""Technical accounts: list and create."""

from projections.directory.accounts import Account
from schema.events.organization import Organization
from service.admin.messages import AccountRow, NewAccount
from service.api.call import Call
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Page
from service.organizations.accounts import create_account
from service.organizations.listing import find_account, list_accounts

KIND = "accounts"


async def read_list(call: Call, query: ListQuery) -> Page[AccountRow]:
    """GET /accounts: the latest first."""
    listed = await list_accounts(
        call.runtime,
        call.organization,
        before=read_id_cursor(KIND, query.cursor),
        limit=query.limit + 1,
    )
    rows = [row(each, call.organization) for each in listed]
    return page_of(rows, query.limit, KIND, lambda each: [each.id])


async def create(call: Call, body: NewAccount) -> AccountRow:
    """POST /accounts."""
    account_id = await create_account(
        call.runtime,
        call.organization,
        body.user_name,
        display_name=body.display_name,
        listed_in_scim=body.listed_in_scim,
        provenance=call.provenance,
    )
    return row(await find_account(call.runtime, call.organization, account_id), call.organization)


def row(account: Account, organization: Organization) -> AccountRow:
    """Return a technical account as it is answered."""
    return AccountRow(
        id=account.id,
        user_name=account.user_name,
        display_name=account.display_name,
        active=account.active,
        role=organization.role_name(account.role_id),
        listed_in_scim=account.listed_in_scim,
        created_at=account.created_at,
    )
