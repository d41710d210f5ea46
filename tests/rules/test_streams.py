"""What may be written to a terminal, and how a stream shows characters that its encoding lacks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

import pytest

from service.terminal import ESCAPING, prepare, printable, printable_lines, shell_quoted


@pytest.mark.parametrize(
    "steering",
    [
        "\x1b[2J",
        "\x07",
        "\x7f",
        "\x9b31m",
        "\x85",
        "\r",
        "\n",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u2066",
        "\u200f",
        "\u061c",
        "\ufeff",
        "\U000e0041",
        "\udc9b",
    ],
    ids=ascii,
)
def test_what_steers_a_terminal_or_forges_a_line_is_escaped(steering: str) -> None:
    shown = printable(f"a{steering}b")

    assert shown.isprintable()
    assert json.loads(f'"{shown}"') == f"a{steering}b"


@pytest.mark.parametrize("text", ["Ada Lovelace", "Zoë ← 日本 😀", 'back\\slash "quote"', ""])
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_the_lines_of_a_text_stay_lines() -> None:
    assert printable_lines("one\ntwo\u202e\n") == "one\ntwo\\u202e\n"


@pytest.fixture
def prepared() -> Iterator[None]:
    """Register our error handler for missing characters, on streams of the test's own."""
    former = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = TextIOWrapper(BytesIO()), TextIOWrapper(BytesIO())
    prepare()
    yield
    sys.stdout, sys.stderr = former


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", b"<- ... \\u00e9 \\ud83d\\ude00 \\udcff"),
        ("latin-1", b"<- ... \xe9 \\ud83d\\ude00 \\udcff"),
        ("utf-8", "← … é 😀 \\udcff".encode()),
    ],
)
def test_a_character_that_an_encoding_lacks_is_shown_in_ascii(encoding: str, shown: bytes) -> None:
    assert "← … é 😀 \udcff".encode(encoding, ESCAPING) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize(
    "text", ["/x/pay$day", "it's é `a` \\ \"", "/x/caf\udce9", "1\u202e2", "~"], ids=ascii
)
def test_a_shell_reads_what_is_quoted_for_it(text: str, encoding: str) -> None:
    quoted = shell_quoted(text, TextIOWrapper(BytesIO(), encoding=encoding))
    said = subprocess.run(
        ["bash", "-c", f"printf %s {quoted}"],
        check=True,
        capture_output=True,
    )
    assert said.stdout == os.fsencode(text)
    assert quoted.isprintable()
    assert quoted.encode(encoding)
