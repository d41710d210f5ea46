"""One word for one thing: the words that the glossary replaced do not come back."""

import io
import re
import tokenize

import pytest

from tests.house.source import listed, text

# What was replaced, and by which word of docs/glossary.md.
OLD_NAMES = {
    **dict.fromkeys(("Gate", "gate", "admit", "Admitted", "Visitor", "visitor"), "authenticate"),
    **dict.fromkeys(("Exchange", "exchange"), "RequestContext"),
    **dict.fromkeys(("Known", "load_known"), "BatchState"),
    **dict.fromkeys(("Needs", "knowledge"), "RequiredState"),
    **dict.fromkeys(("at_once", "in_turn"), "optimistic, locked"),
    **dict.fromkeys(("Hands", "Behind"), "RebuildContext"),
    **dict.fromkeys(("stand_back",), "lower_priority"),
    **dict.fromkeys(("obey",), "serve_orders"),
    **dict.fromkeys(("other_code", "OtherCode", "find_other_code"), "ReleaseMismatch"),
    **dict.fromkeys(("joint", "joint_type"), "cross_type_view"),
    **dict.fromkeys(("OtherSpellings", "other_spellings"), "path_aliases"),
    **dict.fromkeys(("aside",), "offload"),
    **dict.fromkeys(("Shares",), "FairShare"),
    **dict.fromkeys(("Lender", "lent", "Kept"), "ConnectionCache"),
    **dict.fromkeys(("Tails",), "LogEnds"),
    **dict.fromkeys(("MustWait",), "Contended"),
    **dict.fromkeys(("Shift", "Pace", "hear", "linger", "linger_s"), "FollowerRun, Timing"),
    **dict.fromkeys(("keep_up",), "catch_up_all"),
    **dict.fromkeys(("settle_down",), "tune_gc"),
    **dict.fromkeys(("Told", "facts_of", "meant_roles"), "HistoryFold, public_facts"),
    **dict.fromkeys(("NotAsLogged",), "LogMismatch"),
    **dict.fromkeys(("marker", "sum_of_marks"), "checksum"),
}
# The same in prose, where the word is not plain English too.
OLD_WORDS = re.compile(
    r"\b(?:aside|lent|Lender|visitor|admitted|at hand|to be had|other code|marker|"
    r"spellings?|is told|are told|tells|told)\b"
)
TEXTS = frozenset({tokenize.COMMENT, tokenize.STRING})  # Docstrings and messages are strings.
PYTHON = [name for name in listed("*.py") if name != "tests/house/test_words.py"]
# A migration is never edited, and the changelog names what was renamed.
PROSE = [
    name
    for name in listed("*.md", "*.sql")
    if name != "CHANGELOG.md" and not name.startswith("schema/migrations/")
]


@pytest.mark.parametrize("name", PYTHON)
def test_python_uses_the_words_of_the_glossary(name: str) -> None:
    old_names, old_words = set[str](), list[str]()
    for each in tokenize.generate_tokens(io.StringIO(text(name)).readline):
        if each.type == tokenize.NAME and each.string in OLD_NAMES:
            old_names.add(f"{each.string}: say {OLD_NAMES[each.string]}")
        elif each.type in TEXTS and (found := OLD_WORDS.findall(each.string)):
            old_words.append(f"line {each.start[0]}: {found}")
    assert (old_names, old_words) == (set(), [])


@pytest.mark.parametrize("name", PROSE)
def test_documents_and_statements_use_the_words_of_the_glossary(name: str) -> None:
    assert OLD_WORDS.findall(text(name)) == []


def test_the_modules_use_the_words_of_the_glossary() -> None:
    stems = {name.rpartition("/")[2].removesuffix(".py") for name in listed("*.py")}
    assert stems & OLD_NAMES.keys() == set()
