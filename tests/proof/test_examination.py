"""What a log and its witnesses say about each other: the cases of the vectors, whole and in batches."""

from collections.abc import Sequence
from typing import Any

import pytest

from eventstore.proof.examination import Examination, Row, Witnesses, compare_sizes
from eventstore.proof.notes import TrustedKey, decoded, read_vkey
from eventstore.proof.verdicts import AuditExit, Finding, Restore, Verdict, exit_of
from tests.proof.vectors import MARK_KEY, ORGANIZATION, event_of, vectors

CASES = vectors()["cases"]
cases = pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])


def witnesses_of(case: dict[str, Any]) -> Witnesses:
    """Return what the log of a case is compared with."""
    return Witnesses(
        organization_id=ORGANIZATION,
        incarnation=case["incarnation"],
        keys=[TrustedKey(read_vkey(key), first, last) for key, first, last in case["keys"]],
        checkpoint=case["checkpoint"],
        outside=case["outside"],
        mark_key=MARK_KEY,
    )


def rows_of(case: dict[str, Any]) -> list[Row]:
    """Return the log of a case."""
    marks = [each and bytes.fromhex(each) for each in case["marksHex"]]
    return [Row(event_of(e), mark) for e, mark in zip(case["events"], marks, strict=True)]


def examined(case: dict[str, Any], batch: int) -> Verdict:
    """Return the verdict on a case whose log comes in batches."""
    examination, rows = Examination(witnesses_of(case)), rows_of(case)
    stored = [decoded(each) for each in case["storedLeafHashes"] or ()]
    for at in range(0, len(rows), batch):
        examination.add(rows[at : at + batch], stored[at : at + batch])
    return examination.verdict()


def pairs(findings: Sequence[Finding]) -> list[list[Any]]:
    """Return the findings of the gravest kind, as the vectors write them."""
    gravest = findings[0].code if findings else "ok"
    if not findings:
        return [["ok"]]
    shows_position = gravest not in {"key_unknown", "malformed", "checkpoint_missing"}
    return [
        [each.code, each.position if shows_position else None]
        for each in findings
        if each.code == gravest
    ]


@pytest.mark.parametrize("batch", [1, 3, 100])
@cases
def test_a_case_of_the_vectors_has_its_verdict(case: dict[str, Any], batch: int) -> None:
    verdict = examined(case, batch)

    if case["expected"][0][0] == "ok":
        assert (verdict.code, verdict.size) == ("ok", case["expected"][0][1])
    else:
        assert pairs(verdict.findings) == case["expected"]


@pytest.mark.parametrize("batch", [1, 3])
@cases
def test_plain_rows_are_read_to_the_same_verdict(case: dict[str, Any], batch: int) -> None:
    examination, rows = Examination(witnesses_of(case)), rows_of(case)
    stored = [decoded(each) for each in case["storedLeafHashes"] or ()]
    plain = 0
    for at in range(0, len(rows), batch):
        some, held = rows[at : at + batch], stored[at : at + batch]
        is_last = at + batch >= len(rows)
        if not is_last and examination.add_plain([(*event, mark) for event, mark in some], held):
            plain += len(some)
        else:
            examination.add(some, held)

    assert examination.verdict() == examined(case, batch)
    if case["name"] == "nothing was touched":
        assert plain >= len(rows) - 1 - batch


@cases
def test_the_sizes_alone_never_say_more_than_the_whole_log(case: dict[str, Any]) -> None:
    rows = rows_of(case)
    tail = rows[-1].event.position if rows else 0
    restores = [Restore(7, 6, 8)] if case["incarnation"] > 1 else []

    found = compare_sizes(witnesses_of(case), tail, restores)

    expected = case["expected"][0][0]
    seen_by_size = {"truncated", "restored", "checkpoint_missing", "unproven"}
    by_note = {"malformed", "wrong_origin", "key_unknown", "key_retired", "signature_invalid"}
    if expected in seen_by_size | by_note:
        assert found[0].code == expected
    elif found:
        assert found[0].code == expected == "forked"


def case_named(name: str) -> dict[str, Any]:
    """Return a case of the vectors."""
    return next(each for each in CASES if each["name"] == name)


def test_a_rewritten_tree_leaves_a_range() -> None:
    verdict = examined(case_named("... and the tree was rewritten to match"), 100)

    assert verdict.findings[0].after == 0
    assert "between positions 1 and 6" in verdict.findings[0].sentence()


def test_a_fork_names_the_last_size_at_which_all_agree() -> None:
    verdict = examined(case_named("... and the service went on from there"), 100)

    assert verdict.findings[0].after == 6


def test_a_declared_restore_is_named_for_ever() -> None:
    verdict = examined(case_named("... and the operator declared it: audit accept-restore"), 100)

    assert verdict.restores == (Restore(7, 6, 8),)


def test_a_lost_tail_says_how_much() -> None:
    verdict = examined(case_named("the last two events were removed"), 100)

    assert (verdict.findings[0].count, verdict.code) == (2, "truncated")


def test_a_row_that_nobody_can_have_written_is_altered() -> None:
    case = case_named("nothing was touched")
    examination, rows = Examination(witnesses_of(case)), rows_of(case)
    nothing: Any = None
    broken = rows[2].event._replace(recorded_at=nothing)
    examination.add([*rows[:2], Row(broken, None), *rows[3:]], [])

    assert pairs(examination.verdict().findings) == [["altered", 3], ["altered", 6]]


def test_a_position_that_comes_twice_is_found() -> None:
    case = case_named("nothing was touched")
    examination, rows = Examination(witnesses_of(case)), rows_of(case)
    examination.add([*rows[:3], rows[2], *rows[3:]], [])

    assert examination.verdict().code == "removed"


def test_marks_are_compared_from_where_they_begin() -> None:
    case = case_named("nothing was touched")
    witnesses, rows = witnesses_of(case), rows_of(case)
    unmarked = [Row(each.event, None) for each in rows[:4]]
    for marks_from, expected in ((5, "ok"), (4, "forged")):
        own = Witnesses(
            **{
                name: getattr(witnesses, name)
                for name in ("organization_id", "incarnation", "keys", "checkpoint", "mark_key")
            },
            marks_from=marks_from,
        )
        examination = Examination(own)
        examination.add([*unmarked, *rows[4:]], [])
        assert examination.verdict().code == expected


def test_every_code_is_a_sentence() -> None:
    for case in CASES:
        for each in examined(case, 100).findings:
            assert each.sentence().startswith(f"{each.code}: ")
            assert each.sentence().endswith(".")


@pytest.mark.parametrize(
    ("code", "has_outside_copy", "expected"),
    [
        ("", True, AuditExit.OK),
        ("", False, AuditExit.UNTRUSTED),
        ("unproven", True, AuditExit.UNTRUSTED),
        ("key_unknown", True, AuditExit.UNTRUSTED),
        ("altered", True, AuditExit.CONTRADICTION),
        ("altered", False, AuditExit.CONTRADICTION),
        ("tree_damaged", True, AuditExit.CONTRADICTION),
    ],
)
def test_the_exit_code_says_what_was_found(
    code: str, expected: AuditExit, *, has_outside_copy: bool
) -> None:
    verdict = Verdict(ORGANIZATION, (Finding(code),) if code else ())

    assert exit_of([verdict], has_outside_copy=has_outside_copy) == expected
