"""Bearer tokens: list, issue, rotate, revoke."""

from uuid import UUID

from service.admin.messages import IssuedTokenRow, NewToken, Rotation, TokenRow
from service.api.call import Call
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Page
from service.organizations import tokens as use_cases
from service.organizations.listing import ListedToken, find_token, list_tokens
from service.organizations.tokens import IssuedToken, Wanted
from service.scim.base_path import BASE_PATH

KIND = "tokens"


async def read_list(call: Call, query: ListQuery) -> Page[TokenRow]:
    """GET /tokens: the latest first."""
    listed = await list_tokens(
        call.runtime,
        call.organization,
        before=read_id_cursor(KIND, query.cursor),
        limit=query.limit + 1,
    )
    return page_of([row(each) for each in listed], query.limit, KIND, lambda each: [each.id])


async def read(call: Call, token_id: UUID) -> TokenRow:
    """GET /tokens/{id}."""
    return row(await find_token(call.runtime, call.organization, token_id))


async def issue(call: Call, body: NewToken) -> IssuedTokenRow:
    """POST /tokens."""
    wanted = Wanted(
        body.label,
        body.account_id,
        None,
        body.scopes,
        body.expires_at or use_cases.default_end(),
        body.allowed_networks,
    )
    issued = await use_cases.issue_wanted(
        call.runtime, call.organization, wanted, provenance=call.provenance
    )
    return await _shown(call, issued)


async def rotate(call: Call, token_id: UUID, body: Rotation) -> IssuedTokenRow:
    """POST /tokens/{id}/rotate."""
    issued = await use_cases.rotate_token(
        call.runtime,
        call.organization,
        token_id,
        overlap_until=body.overlap_until,
        provenance=call.provenance,
    )
    return await _shown(call, issued)


async def revoke(call: Call, token_id: UUID) -> TokenRow:
    """POST /tokens/{id}/revoke."""
    await use_cases.revoke_token(
        call.runtime, call.organization, token_id, provenance=call.provenance
    )
    return await read(call, token_id)


async def _shown(call: Call, issued: IssuedToken) -> IssuedTokenRow:
    listed = await find_token(call.runtime, call.organization, issued.token_id)
    return IssuedTokenRow(
        **dict(row(listed)),
        token=issued.token,
        tenant_url=call.service.hosts.origin(call.request) + BASE_PATH,
    )


def row(listed: ListedToken) -> TokenRow:
    """Return a token as it is answered."""
    token, use = listed.token, listed.last_use
    return TokenRow(
        id=token.id,
        label=token.label,
        account_id=token.account_id,
        account_name=listed.account_name,
        scopes=token.scope.split(),
        created_at=token.issued_at,
        created_by=listed.created_by,
        last_used_at=use.at if use else None,
        last_used_from=use.address if use else None,
        expires_at=token.expires_at,
        allowed_networks=list(token.allowed_networks),
        state=listed.state,
        blocked_because=listed.blocked_because,
    )
