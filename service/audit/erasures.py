"""The routes of erasures."""

from projections.directory.actors import name_actors
from service.api.call import Call
from service.api.cursor import a_position, read_key, write_cursor
from service.api.models import ListQuery, Page
from service.audit.erasure_messages import (
    BackupsRow,
    DisclosedRow,
    EraseRequest,
    ErasureReceipt,
    ErasureRow,
)
from service.audit.messages import ActorRow
from service.erasure.people import Place, erase_person, list_erasures
from service.erasure.receipt import Receipt

ERASURES = "erasures"  # Of cursors.


async def erase(call: Call, body: EraseRequest) -> ErasureReceipt:
    """POST /erasures."""
    receipt = await erase_person(
        call.runtime,
        call.organization,
        body.subject_id,
        reason=body.reason,
        is_forced=body.force,
        provenance=call.provenance,
        place=_place(call),
    )
    [row] = await _rows(call, [receipt])
    return ErasureReceipt(
        **dict(row),
        cleared=dict(receipt.cleared),
        disclosed=[
            DisclosedRow(position=each.position, at=each.at, what=each.what)
            for each in receipt.disclosed
        ],
        outside_copy=receipt.outside_copy,
    )


async def erasures(call: Call, query: ListQuery) -> Page[ErasureRow]:
    """GET /erasures."""
    key = read_key(ERASURES, query.cursor, a_position)
    found = await list_erasures(
        call.runtime,
        call.organization,
        _place(call),
        before=key[0] if key else None,
        limit=query.limit,
    )
    cursor = write_cursor(ERASURES, found.items[-1].position) if found.has_more else None
    return Page[ErasureRow](items=await _rows(call, list(found.items)), next_cursor=cursor)


def _place(call: Call) -> Place:
    return Place(call.service.outside, call.service.backup_retention_days)


async def _rows(call: Call, receipts: list[Receipt]) -> list[ErasureRow]:
    acted = [(each.erased_by, "") for each in receipts]
    async with call.runtime.pool.acquire() as connection:
        actors = await name_actors(connection, call.organization.id, acted)
    return [
        ErasureRow(
            subject_id=each.subject_id,
            name=each.name,
            reason=each.reason,
            forced=each.forced,
            position=each.position,
            erased_at=each.erased_at,
            erased_by=ActorRow(
                id=each.erased_by,
                name=actors[each.erased_by].name,
                kind="operator" if each.erased_by.startswith("cli:") else "account",
            ),
            backups=BackupsRow(
                retention_days=each.backups.retention_days,
                key_exports_until=each.backups.key_exports_until,
                physical_copies_until=each.backups.physical_copies_until,
            ),
        )
        for each in receipts
    ]
