"""Prometheus for tests: a server of its own, told what to scrape by a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
import yaml

from tests.servers import programs
from tests.servers.process import ServerProcess, free_port, serves


class PrometheusServer:
    """A running Prometheus.

    Args:
        files: The configuration, `prometheus.yml`, and what it names, by file name.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.port = free_port()
        self._api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=60)
        self.process = ServerProcess("prometheus")
        for name, text in files.items():
            (self.process.folder / name).write_text(text, encoding="utf-8")
        self.process.start(
            [
                programs.find("prometheus"),
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            ready=lambda: serves(self.port, "/-/ready"),
        )

    def query(self, expression: str) -> list[Any]:
        """Evaluate an expression now; gives the samples.

        Raises:
            AssertionError: It is not one.
        """
        answer = self._get("query", query=expression)
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        found: list[Any] = answer["data"]["result"]
        return found

    def alerts(self) -> dict[str, str]:
        """The alerts that are pending or firing: their states by name."""
        found = self._get("alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert["state"] for alert in found}

    def targets(self) -> list[Any]:
        """What is scraped, and how that went."""
        found: list[Any] = self._get("targets")["data"]["activeTargets"]
        return found

    def remove(self) -> None:
        """End it."""
        self._api.close()
        self.process.remove()

    def _get(self, what: str, **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._api.get(what, params=parameters).json()
        return answer


StartPrometheus = Callable[[Mapping[str, str]], PrometheusServer]


@pytest.fixture
def start_prometheus() -> Iterator[StartPrometheus]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:

        def start(files: Mapping[str, str]) -> PrometheusServer:
            server = PrometheusServer(files)
            stack.callback(server.remove)
            return server

        yield start


def quick(config: str, *, target: str) -> str:
    """A configuration that scrapes one target each second."""
    given = yaml.safe_load(config)
    given["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in given["scrape_configs"]:
        job.pop("dns_sd_configs")
        job["static_configs"] = [{"targets": [target]}]
    return yaml.safe_dump(given)


def impatient(rules: str) -> str:
    """The same rules, firing at once."""
    given = yaml.safe_load(rules)
    for rule in (rule for group in given["groups"] for rule in group["rules"]):
        rule.pop("for", None)
    return yaml.safe_dump(given)
