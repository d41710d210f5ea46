"""The service's log has one JSON object per line, loses no line, and shows no secret."""

import logging
import subprocess
import sys

import orjson

PROGRAM = """
import logging, structlog
from service import log
log.configure(json=True)
{statement}
"""


def lines_of(statement: str) -> list[dict[str, object]]:
    """Return the lines that a separate process logs."""
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    said = subprocess.run(command, check=True, stderr=subprocess.PIPE).stderr
    return [orjson.loads(line) for line in said.splitlines()]


def test_a_line_holds_the_event_and_its_fields() -> None:
    [line] = lines_of("structlog.get_logger().info('event_appended', position=7)")
    assert line.pop("at")
    assert line == {
        "event": "event_appended",
        "level": "info",
        "position": 7,
    }


def test_no_line_is_lost_as_the_event_loop_ends() -> None:
    saying = "import asyncio\nasync def say():\n"
    saying += "    for n in range(3): structlog.get_logger().info('said', n=n)\nasyncio.run(say())"
    assert [line["n"] for line in lines_of(saying)] == [0, 1, 2]


def test_a_secret_is_withheld() -> None:
    [line] = lines_of("structlog.get_logger().info('token_issued', token='t0ps3cret')")
    assert line["token"] == "(withheld)"


def test_a_trace_is_text_without_the_values_of_variables() -> None:
    failing = "password = 'hunter' + '2'\ntry: 1 / 0\n"
    failing += "except ZeroDivisionError: structlog.get_logger().exception('request_failed')"
    [line] = lines_of(failing)
    assert "ZeroDivisionError" in str(line["exception"])
    assert "hunter2" not in str(line)


def test_a_warning_of_a_library_is_a_line_like_ours() -> None:
    [line] = lines_of("logging.getLogger('aiohttp').warning('odd %s', 'thing')")
    assert (line["event"], line["level"]) == ("odd thing", logging.getLevelName(30).lower())
