"""A real Prometheus scrapes a real server process, and an alert fires in it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.server.conftest import ADMIN_KEY
from tests.server.monitoring.test_alerts_and_dashboard import FOLDER, queries
from tests.server.one_process import one_server
from tests.servers.prometheus import StartPrometheus, impatient, quick


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until Prometheus has seen something; it has no event to wait for."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_prometheus_reads_the_server(start_prometheus: StartPrometheus) -> None:
    with one_server() as server:
        files = {
            "prometheus.yml": quick(
                (FOLDER / "prometheus.yml").read_text(), target=f"127.0.0.1:{server.port}"
            ),
            "alerts.yml": impatient((FOLDER / "alerts.yml").read_text()),
            "blazz-key": ADMIN_KEY,
        }
        prometheus = start_prometheus(files)

        def is_up() -> bool:
            return [it["value"][1] for it in prometheus.query('up{job="blazz"}')] == ["1"]

        until(is_up, f"it is not scraped: {prometheus.targets()}")
        ready = "blazz_server_instances"
        until(lambda: bool(prometheus.query(ready)), "levels are not shown")
        (used,) = prometheus.query("blazz_server_disk_used_bytes / blazz_server_disk_size_bytes")
        assert 0 < float(used["value"][1]) <= 1
        assert prometheus.alerts().get("InstanceDown") is None
        for _, query in queries():
            # Grafana fills these in.
            filled = query.replace("$__rate_interval", "1m")
            prometheus.query(re.sub(r"\$\w+", ".*", filled))

        server.process.stop()
        until(
            lambda: prometheus.alerts().get("InstanceDown") == "firing",
            f"no alert: {prometheus.alerts()}",
        )
