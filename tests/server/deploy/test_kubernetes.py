"""The Kubernetes manifests: they fit together, and keep what the restricted profile wants."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blazz_server.app import create_app
from blazz_server.settings import Settings
from tests.server.deploy.files import SERVER, manifests


@pytest.fixture
def stateful_set() -> dict[str, Any]:
    found: dict[str, Any] = manifests()["StatefulSet", "blazz"]["spec"]
    return found


@pytest.fixture
def container(stateful_set: dict[str, Any]) -> dict[str, Any]:
    (found,) = stateful_set["template"]["spec"]["containers"]
    return dict(found)


def test_selectors_find_the_pods(stateful_set: dict[str, Any]) -> None:
    labels = stateful_set["template"]["metadata"]["labels"].items()
    found = manifests()
    assert stateful_set["selector"]["matchLabels"].items() <= labels
    for name in ("blazz", "blazz-instances"):
        assert found["Service", name]["spec"]["selector"].items() <= labels
    assert (
        found["PodDisruptionBudget", "blazz"]["spec"]["selector"]["matchLabels"].items() <= labels
    )
    (spread,) = stateful_set["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= labels


def test_instances_have_addresses_also_while_they_stop(
    stateful_set: dict[str, Any], container: dict[str, Any]
) -> None:
    headless = manifests()["Service", stateful_set["serviceName"]]["spec"]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"] is True
    address = next(it["value"] for it in container["env"] if it["name"].endswith("_ADDRESS"))
    assert f".{stateful_set['serviceName']}." in address
    assert stateful_set["template"]["spec"]["terminationGracePeriodSeconds"] >= 120


def test_probes_ask_what_the_server_answers(container: dict[str, Any]) -> None:
    paths = {route.path for route in create_app(Settings()).routes if hasattr(route, "path")}
    found = {
        container[name]["httpGet"]["path"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    paths |= set(create_app(Settings()).openapi()["paths"])
    assert found <= paths
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    ports = {port["name"] for port in container["ports"]}
    assert {container[it]["httpGet"]["port"] for it in ("livenessProbe", "readinessProbe")} <= ports


def test_settings_exist_and_secrets_are_references(container: dict[str, Any]) -> None:
    config = manifests()["ConfigMap", "blazz"]["data"]
    names = {it["name"] for it in container["env"]} | set(config)
    known = {f"BLAZZ_SERVER_{name}".upper() for name in Settings.model_fields}
    assert {name for name in names if name.startswith("BLAZZ_SERVER_")} <= known
    keys = set()
    for variable in container["env"]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            assert reference["name"] == "blazz"
            keys.add(reference["key"])
        assert reference or not re.search(r"KEY|SECRET|PASSWORD|_URL$", variable["name"])
    assert not [kind for kind, _ in manifests() if kind == "Secret"], "no secret is written down"
    runbook = (SERVER / "RUNBOOK.md").read_text()
    made = set(re.findall(r"--from-(?:literal|file)=([\w-]+)=", runbook))
    assert made == keys, "the runbook makes the secret"


def test_pods_are_restricted(stateful_set: dict[str, Any], container: dict[str, Any]) -> None:
    pod = stateful_set["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"]["type"] == "Localhost"
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {it["name"] for it in container["volumeMounts"]}
    claims = {it["metadata"]["name"] for it in stateful_set["volumeClaimTemplates"]}
    assert mounted == {it["name"] for it in pod["volumes"]} | claims


def test_one_instance_at_a_time(stateful_set: dict[str, Any]) -> None:
    assert manifests()["PodDisruptionBudget", "blazz"]["spec"]["maxUnavailable"] == 1
    assert stateful_set["updateStrategy"]["type"] == "RollingUpdate"
    assert stateful_set["replicas"] >= 2
