"""The reference pages name every event type, setting, metric, log event and command, and nothing else."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

import service.app  # noqa: F401 - importing it creates the metrics.
from schema.events.codec import PERSONAL_EVENTS, TYPES
from service.cli.commands import app
from service.config import known_variables
from tests.house.source import source_files, text

FIRST_CELL = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \|", re.MULTILINE)
LOG_METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def section(page: str, heading: str | None) -> str:
    """Return a reference page, or the section below one of its headings."""
    whole = text(f"docs/reference/{page}.md")
    return whole.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else whole


def named(page: str, heading: str | None = None) -> list[str]:
    """Return the names in the first columns of a reference's tables."""
    cells = FIRST_CELL.findall(section(page, heading))
    return [each for cell in cells for each in re.findall(r"`([^`]+)`", cell)]


def test_the_reference_names_every_event_type_and_no_other() -> None:
    assert sorted(named("events")) == sorted(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_the_reference_names_every_field_of_an_event(name: str) -> None:
    row = next(
        line for line in section("events", None).splitlines() if line.startswith(f"| `{name}` |")
    )
    fields = TYPES[name].model_fields.items()
    aliases = {field.alias or key for key, field in fields}
    if TYPES[name] not in PERSONAL_EVENTS or "values" in aliases:
        assert {each for each in aliases if f"`{each}`" not in row} == set()


def test_the_reference_names_every_setting_and_no_other() -> None:
    assert sorted(named("settings")) == sorted(known_variables())


def test_the_reference_names_every_metric_and_no_other() -> None:
    kinds = (Counter, Gauge, Histogram)
    assert sorted(named("metrics", "Metrics")) == sorted(set(metrics(kinds)))


def metrics(kinds: tuple[type[MetricWrapperBase], ...]) -> Iterator[str]:
    """Yield the names of the metrics that the source makes."""
    makers = {kind.__name__ for kind in kinds}
    for call in calls():
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in makers and call.args and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def test_the_reference_names_every_log_event_and_no_other() -> None:
    assert sorted(named("metrics", "Log events")) == sorted(set(log_events()))


def log_events() -> Iterator[str]:
    """Yield the events that the source logs."""
    for call in calls():
        match call:
            case ast.Call(
                func=ast.Attribute(attr=method, value=ast.Name(id="log")),
                args=[ast.Constant(value=str(event)), *_],
            ) if method in LOG_METHODS:
                yield event
            case ast.Call(
                func=ast.Name(id="line_writer"), args=[ast.Constant(value=str(event)), *_]
            ):
                yield event
            case ast.Call(
                func=ast.Name(id="going_on"),
                args=[ast.Constant(value=str(failed)), ast.Constant(value=str(postponed)), *_],
            ):
                yield from (failed, postponed)
            case ast.Call(func=ast.Name(id="periodically"), keywords=keywords):
                by_name = {each.arg: each.value for each in keywords}
                for name in ("failed", "postponed"):
                    if isinstance(value := by_name[name], ast.Constant):
                        yield str(value.value)


def calls() -> Iterator[ast.Call]:
    """Yield every call in the source."""
    for name in source_files():
        for node in ast.walk(ast.parse(text(name))):
            if isinstance(node, ast.Call):
                yield node


def commands() -> Iterator[str]:
    """Yield every command of the command line, as it is typed."""

    def below(group: Any, *path: str) -> Iterator[str]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, *path, name)
            else:
                yield " ".join((*path, name))

    return below(typer.main.get_group(app))


def test_the_reference_names_every_command_and_no_other() -> None:
    assert sorted(named("command-line")) == sorted(commands())


def option_rows() -> dict[str, set[str]]:
    """Return the options that the reference names for each command."""
    rows = [line.split(" | ") for line in section("command-line", None).splitlines()]
    return {
        row[0].strip("|` "): {each for each in re.findall(r"`([^`]+)`", row[1]) if each[0] == "-"}
        for row in rows
        if row[0].startswith("| `") and len(row) > 2
    }


def parameters() -> Iterator[tuple[str, list[Any]]]:
    """Yield every command with its options, without those that only the service uses."""

    def below(group: Any, *path: str) -> Iterator[tuple[str, list[Any]]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, *path, name)
            else:
                options = [each for each in command.params if each.param_type_name == "option"]
                shown = [each for each in options if not each.hidden]
                # An option may be there only to say why it is refused.
                usable = [each for each in shown if not str(each.help).startswith("Refused")]
                yield " ".join((*path, name)), usable

    return below(typer.main.get_group(app))


def test_the_reference_names_every_option_of_a_command_and_no_other() -> None:
    rows = option_rows()
    for command, options in parameters():
        spelled = [{*each.opts, *each.secondary_opts} for each in options if each.name != "help"]
        missing = [sorted(each) for each in spelled if each.isdisjoint(rows[command])]
        assert missing == [], command
        assert rows[command] - set().union(*spelled, {"-h", "--help"}) == set(), command


# What shows or changes what the admin API offers prints JSON as well.
ADMINISTRATION = frozenset(
    {"token", "user", "role-group", "client", "guard", "organization", "group", "account", "schema"}
)


def test_every_command_of_the_administration_prints_json() -> None:
    without = [
        command
        for command, options in parameters()
        if command.split()[0] in ADMINISTRATION
        and not any("--json" in each.opts for each in options)
    ]
    assert without == []
