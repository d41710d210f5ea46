"""The log is one JSON object a line, tells what request it is about, and keeps secrets."""

import logging
import subprocess
import sys

import orjson

PROGRAM = """
import logging, structlog
from service import log
log.configure(json=True)
structlog.contextvars.bind_contextvars(request_id="r-1")
{statement}
"""


def lines_of(statement: str) -> list[dict[str, object]]:
    """Return the lines that a process of its own logs."""
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    said = subprocess.run(command, check=True, stderr=subprocess.PIPE).stderr
    return [orjson.loads(line) for line in said.splitlines()]


def test_a_line_holds_the_event_its_fields_and_the_request() -> None:
    [line] = lines_of("structlog.get_logger().info('event_appended', position=7)")
    assert line.pop("at")
    assert line == {
        "event": "event_appended",
        "level": "info",
        "position": 7,
        "request_id": "r-1",
    }


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
