"""The messages that a form of the console can show although use cases wrote them: found in the source of the use cases."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from service.api.cursor import bad_cursor
from service.replay.parquet import NoParquet
from tests.console.texts import called

ROOT: Final = Path(__file__).parents[2]
CONSOLE: Final = ROOT / "service" / "console"
# What pages call, and what this leads to. Files that only SCIM or only the command line calls are left out.
CALLED: Final = (
    *("service/organizations", "service/erasure", "service/replay", "service/write"),
    *("service/callers/issuers.py", "service/callers/scopes.py", "service/callers/stopped_logs.py"),
    *("service/proof/answers.py", "service/proof/evidence.py", "eventstore/trees/prove.py"),
    *("service/limits/turns.py", "service/limits/fair_share.py", "service/limits/memory_share.py"),
    *("service/limits/working_memory.py", "service/unavailable.py"),
    *("schema/scim/extension.py", "schema/scim/json_text.py", "schema/events/settings.py"),
    "service/console",
)
# Classes and functions that are given a message.
REFUSING: Final = frozenset(
    {
        *("InvalidSyntax", "InvalidValue", "Mutability", "Forbidden", "LastAdministrator"),
        *("Held", "Rejected", "NotFound", "NobodyNamed", "Uniqueness", "Conflict"),
        "PayloadTooLarge",
        *("UnsupportedMediaType", "TooManyRequests", "InternalError", "Unavailable", "BadQuery"),
        *("ResourceBlocked", "ForeignForm", "StillPeopled", "NoProof", "NoParquet"),
        *("IllegalSetting", "invalid", "_refused", "_wrong"),
    }
)
# Functions that return a message.
SENTENCES: Final = frozenset({"_blocked_because", "_absence", "_detail"})
# What is chosen between when a message is made; everything else that it names is a value.
CHOSEN: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("text.py", "what"): (
        *("A token's label", "A client's label", "An organization's name", "A reason"),
    ),
    ("erasure.py", "what"): ("The organization", "User X7"),
    ("user.py", "which"): (
        "This is the technical account whose token you use",
        "This is a technical account, whose tokens are in use",
    ),
    ("issuers.py", "what"): ("An issuer",),
    ("members.py", "more"): ("", " and 3 more"),
    ("members.py", "outcome"): ("The group was not created.", "The group is unchanged."),
    ("answers.py", "'user' if is_user else 'group'"): ("user", "group"),
}
ELSEWHERE: Final = (  # Messages in these files that reach no page of the console.
    "There is no organization X7. X7",  # The command line names an organization.
    "Organization X7 exists already.",
    "No witness cosigns the checkpoints of this log.",  # The page of the proof asks for no cosigned checkpoint.
    "The witness X7 has not cosigned a checkpoint of this log yet.",
    "The newest checkpoint that the witness cosigned is of size X7.",
    "The organization still has X7 people and groups: erase and delete them first.",
)
# Files of whose messages a form reaches only these.
PARTLY: Final[Mapping[str, tuple[str, ...]]] = {
    "schema/scim/resource.py": ("X7 is required and is missing or empty.",),
    "schema/scim/value.py": (
        "X7 is longer than X7 bytes; shorten it.",
        "X7 is blank; send a name with a character that can be seen.",
        "A string holds the character U+0000; remove it.",
    ),
    "service/http/body.py": ("The body is larger than X7 bytes; send less at once.",),
    "service/http/answering.py": ("Something went wrong here; quote request X7 to the operator.",),
}


class Message(NamedTuple):
    """A message with samples for what it names, and where it is made."""

    text: str
    where: str


@cache
def messages() -> Sequence[Message]:
    """Return every message that a form can show."""
    return tuple(_messages())


def _messages() -> Iterator[Message]:
    for each in CALLED:
        path = ROOT / each
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            for text, line in _in_file(file):
                if text not in ELSEWHERE:
                    yield Message(text, f"{file.relative_to(ROOT)}:{line}")
    for name, reached in PARTLY.items():
        there = {text for text, _ in _in_file(ROOT / name)}
        assert there >= set(reached), (name, there)
        yield from (Message(each, name) for each in reached)
    yield Message(str(bad_cursor()), "service/api/cursor.py")
    yield Message(str(NoParquet.__doc__), "service/replay/parquet.py")


def _in_file(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = called(node)
            # What the console itself does not find is shown as a page with its own words.
            is_page = name == "NotFound" and CONSOLE in file.parents
            given = node.args if name in REFUSING and not is_page else []
        elif isinstance(node, ast.FunctionDef) and node.name in SENTENCES:
            found = (each for each in ast.walk(node) if isinstance(each, ast.Return))
            given = [each.value for each in found if each.value is not None]
        for each in given:
            for text in _texts(each, file.name):
                if " " in text:  # Else it is the name of a field.
                    yield text, each.lineno


def _texts(node: ast.expr, file: str) -> list[str]:
    """Return what a text can be: X7 stands for each value."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*_texts(one, file), *_texts(other, file)]
        case ast.JoinedStr(values=parts):
            return ["".join(each) for each in product(*(_parts(part, file) for part in parts))]
        case _:
            return []


def _parts(node: ast.expr, file: str) -> tuple[str, ...]:
    if isinstance(node, ast.Constant):
        return (str(node.value),)
    assert isinstance(node, ast.FormattedValue)
    return CHOSEN.get((file, ast.unparse(node.value)), ("X7",))
