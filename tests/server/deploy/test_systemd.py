"""The systemd units: what systemd itself says of them, and settings that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from blazz_server.settings import Settings
from tests.server.deploy.files import DEPLOY
from tests.servers import programs

UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_them(unit: Path, tmp_path: Path) -> None:
    for each in UNITS:
        # Its program is not installed here.
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", each.read_text())
        (tmp_path / each.name).write_text(text)
    name = unit.name.replace("@.", "@one.")
    command = [programs.find("systemd-analyze"), "verify", "--man=no", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    output = (done.stdout + done.stderr).decode()
    ours = [line for line in output.splitlines() if "blazz" in line]
    assert done.returncode == 0, output
    assert not ours, output


def test_instances_stop_gently_and_have_little_power() -> None:
    text = (DEPLOY / "systemd" / "blazz-server@.service").read_text()
    lines = set(text.splitlines())
    assert lines >= {
        "KillMode=mixed",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "UMask=0077",
        "User=blazz",
    }
    assert "RestrictNamespaces=user pid net" in lines, "Chromium's sandbox is made of them"
    assert int(re.search(r"TimeoutStopSec=(\d+)", text)[1]) > 60  # type: ignore[index]
    named = {name.lower() for name in re.findall(r"\bBLAZZ_SERVER_(\w+)", text)}
    assert named <= set(Settings.model_fields)
