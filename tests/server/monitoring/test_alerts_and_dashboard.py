"""The alert rules and the dashboard: tested rules, and queries of what the server exposes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from blazz_server.platform import Platform
from tests.measuring import measure_everything
from tests.server.monitoring.promql import selectors
from tests.servers import programs

SERVER = Path(__file__).parents[3] / "examples" / "server"
FOLDER = SERVER / "monitoring"
OF_PROMETHEUS = {"up": {"job", "instance"}, "ALERTS": {"alertstate", "alertname"}}
OF_THE_SCRAPE = {"job", "instance"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Where each query is, and the query."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            inner = re.fullmatch(r"label_values\((.*), \w+\)", variable["definition"])
            assert inner is not None
            yield variable["name"], inner[1]


def promtool(*arguments: str, folder: Path = FOLDER) -> str:
    command = [programs.find("promtool"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    output = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, output
    return output


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('sum by (le) (rate(a_bucket{x="y{z}",q=~"1"}[5m])) > 1e3', {"a_bucket": {"x", "q"}}),
        ("max(a) / on (b) c unless on (d) e or vector(0)", {"a": set(), "c": set(), "e": set()}),
        ('a{b="c"} or a{d!="e"}', {"a": {"b", "d"}}),
    ],
)
def test_expressions_are_read(expression: str, found: dict[str, set[str]]) -> None:
    expression = expression.replace("{z}", "z")
    assert selectors(expression) == found


def test_the_rules_do_what_their_tests_say() -> None:
    assert "SUCCESS" in promtool("check", "rules", "alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_the_configuration_is_one(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        (tmp_path / name).write_text((FOLDER / name).read_text())
    (tmp_path / "blazz-key").write_text("bz_key")
    assert "FAILED" not in promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_every_alert_is_tested_and_in_the_runbook() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fires = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    runbook = (SERVER / "RUNBOOK.md").read_text()
    for rule in rules():
        name = rule["alert"]
        assert name in fires, f"no test lets {name} fire"
        assert rule["annotations"]["runbook"] == f"RUNBOOK.md#{name.lower()}"
        assert f"### {name}\n" in runbook, f"the runbook does not know {name}"
        assert rule["labels"]["severity"] in {"warning", "critical"}


async def test_every_query_names_what_the_server_exposes(
    platform: Platform, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    telemetry = platform.monitoring.telemetry
    measure_everything(telemetry, tmp_path)
    await telemetry.sessions.sends_of("acme/support").measure(anyio.lowlevel.checkpoint())
    await platform.monitoring._levels.look()
    platform.monitoring._delay.record(0.001)
    await api.get("/health/live")
    text = (await api.get("/metrics")).text
    exposed = dict(OF_PROMETHEUS)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            exposed.setdefault(sample.name, set(OF_THE_SCRAPE)).update(sample.labels)

    asked = list(queries())
    assert len(asked) > 60
    for where, query in asked:
        for metric, labels in selectors(query).items():
            assert metric in exposed, f"{where}: the server exposes no {metric}"
            assert labels <= exposed[metric], f"{where}: {metric} has no {labels - exposed[metric]}"


def test_the_dashboard_is_whole() -> None:
    found = dashboard()
    ids = [panel["id"] for panel in found["panels"]]
    assert len(ids) == len(set(ids))
    places = [
        (panel["gridPos"]["y"] + row, panel["gridPos"]["x"] + column)
        for panel in found["panels"]
        for row in range(panel["gridPos"]["h"])
        for column in range(panel["gridPos"]["w"])
    ]
    assert len(places) == len(set(places)), "panels overlap"
    assert all(column < 24 for _, column in places)
    known = {variable["name"] for variable in found["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(found["panels"])))
    assert used - known == {"__rate_interval"}
