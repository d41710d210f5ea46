"""The proof in plain words: up to where the log is complete and signed, and how to check that without us."""

from typing import Any

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import BrokenCopy
from eventstore.trees.extend import Contradicted
from eventstore.trees.prove import NoProof, prove_consistency, prove_inclusion
from service.console.events.reading import record_reading
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.proof_state import contradiction_of
from service.console.pages.audit.reading import tabs
from service.http.answer import Answer
from service.http.health import PROOF
from service.proof.answers import checkpoint_of, keys_document, load_signed, proven_since
from service.proof.evidence import snapshot


async def show(call: ConsoleCall) -> Answer:
    """GET /audit/proof."""
    organization_id = call.organization.id
    values: dict[str, Any] = {
        "state": None,
        "contradiction": contradiction_of(organization_id, call.request.app[PROOF]),
    }
    inclusion = consistency = None
    position, size = _number(call, "position"), _number(call, "from")
    try:
        async with snapshot(call.runtime) as connection:
            state = await load_signed(connection, organization_id)
            values |= {
                "state": state,
                "note": await checkpoint_of(connection, state, None),
                "keys": (await keys_document(connection, state))["keys"],
                "since": await proven_since(connection, state),
            }
            if position is not None:
                inclusion = await _tried(
                    call, "position", prove_inclusion(connection, state, position)
                )
            if size is not None:
                consistency = await _tried(
                    call, "from", prove_consistency(connection, state, size, None)
                )
    except NoProof:
        pass
    except Contradicted as error:
        values["contradiction"] = error.finding.code
    if values["state"] is not None:
        record_reading(call, "/audit/proof", values["state"].size)
    return await call.show(
        "audit/proof.html",
        status=422 if call.form.errors else 200,
        **values,
        outside=await _outside(call),
        inclusion=inclusion,
        consistency=consistency,
        tabs=tabs(call, "/audit/proof"),
    )


def _number(call: ConsoleCall, name: str) -> int | None:
    sent = call.query.get(name, "")
    if not sent:
        return None
    if found := number_in(sent):
        return found
    call.form.refuse(
        name,
        call.t(
            "proof.no_number",
            "Enter the number of an event, from 1 on. You entered {value}.",
            value=sent[:20],
        ),
    )
    return None


async def _tried(call: ConsoleCall, name: str, proving: Any) -> Any:
    try:
        return await proving
    except NoProof as error:
        call.form.refuse(name, call.said(error))
        return None


async def _outside(call: ConsoleCall) -> dict[str, Any]:
    """Return what the copy outside of the database says about this log."""
    copy, organization_id = call.service.outside, call.organization.id
    if copy.is_gone:
        return {"state": "gone", "size": None}
    try:
        found = (await copy.load([organization_id])).get(organization_id)
    except (BrokenCopy, OSError):
        return {"state": "unread", "size": None}
    if found is None or found.latest is None:
        return {"state": "none", "size": None}
    return {"state": "there", "size": read_note(found.latest).size}
