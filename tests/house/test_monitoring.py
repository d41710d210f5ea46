"""The alert rules and the dashboard name metrics that exist, and pages that are there."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from tests.house.source import ROOT, text

FOLDER = "docs/monitoring"
NAME = re.compile(r"\bscim_(?:ledger|ignored)_\w+")
ALERTS = [
    rule
    for group in yaml.safe_load(text(f"{FOLDER}/alerts.yml"))["groups"]
    for rule in group["rules"]
]
KNOWN = set(re.findall(r"^\| `(scim_\w+)` \|", text("docs/reference/metrics.md"), re.MULTILINE))


def base(name: str) -> str:
    """Return the name of a metric without what a histogram adds."""
    return re.sub(r"_(bucket|count|sum)$", "", name) if name not in KNOWN else name


def headings(page: str) -> set[str]:
    """Return the anchors of a page."""
    found = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in found}


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml", "dashboard.json"])
def test_only_metrics_that_exist_are_named(file: str) -> None:
    assert {base(each) for each in NAME.findall(text(f"{FOLDER}/{file}"))} - KNOWN == set()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (ROOT / page).exists()
    assert not anchor or anchor in headings(page)


def test_each_metric_that_can_be_bad_is_on_the_dashboard_or_has_an_alert() -> None:
    shown = {
        base(each)
        for file in ("alerts.yml", "dashboard.json")
        for each in NAME.findall(text(f"{FOLDER}/{file}"))
    }
    assert len(shown & KNOWN) >= 18


def test_the_dashboard_is_whole() -> None:
    board = json.loads(text(f"{FOLDER}/dashboard.json"))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert all(panel["description"] and panel["targets"] for panel in board["panels"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("call", ["check rules alerts.yml", "test rules alerts_test.yml"])
def test_promtool_accepts_the_rules(call: str) -> None:
    done = subprocess.run(
        ["promtool", *call.split()], cwd=ROOT / FOLDER, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
