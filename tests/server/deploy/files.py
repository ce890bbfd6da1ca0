"""The deployment's files, read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[3]
SERVER: Final = ROOT / "examples" / "server"
DEPLOY: Final = SERVER / "deploy"


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    """The Kubernetes manifests by kind and name, with the labels that kustomize adds."""
    folder = DEPLOY / "kubernetes"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    (labels,) = kustomization["labels"]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in kustomization["resources"]:
        for manifest in yaml.safe_load_all((folder / name).read_text()):
            _label(manifest, labels["pairs"])
            found[manifest["kind"], manifest["metadata"]["name"]] = manifest
    return found


def variables(text: str) -> dict[str, str]:
    """The variables of an environment file."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(re.fullmatch(r"(\w+)=(.*)", line).groups() for line in lines)  # type: ignore[misc, union-attr]


def _label(manifest: dict[str, Any], pairs: dict[str, str]) -> None:
    manifest["metadata"].setdefault("labels", {}).update(pairs)
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "Service":
            spec.setdefault("selector", {}).update(pairs)
        case "StatefulSet":
            spec["selector"]["matchLabels"].update(pairs)
            spec["template"]["metadata"].setdefault("labels", {}).update(pairs)
        case "PodDisruptionBudget":
            spec["selector"]["matchLabels"].update(pairs)
        case "NetworkPolicy":
            spec["podSelector"]["matchLabels"].update(pairs)
