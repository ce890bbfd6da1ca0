"""The `blazz` command: each kind of it as a process, as people and machines run it, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.integration.cli.conftest import Blazz

pytestmark = pytest.mark.usefixtures("quick_starts")

CONTACTS = (
    "phone,name\n+62 812-3456-7890,Budi\n+1 555 013 1026,Nobody\nn/a,Bad\n+6281234567890,Twice\n"
)


def process(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blazz.cli", *arguments]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def last_line(done: subprocess.CompletedProcess[str] | Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_version_and_the_help(blazz: Blazz, tmp_path: Path) -> None:
    assert process("--version", cwd=tmp_path).stdout.startswith("blazz ")
    for command in ("demo", "sandbox", "send", "campaign run", "campaign report", "inbox list"):
        assert "Usage" in blazz(*command.split(), "--help").stdout
    assert "Did you mean 'demo'?" in blazz("demoo", code=2).stderr


def test_send(blazz: Blazz, tmp_path: Path, sandbox: str) -> None:
    done = process(
        "send", "0812-3456-7890", "Halo", "--region", "ID", "--sandbox-url", sandbox,
        "--wait", "20", "--json", cwd=tmp_path,
    )  # fmt: skip
    receipt = last_line(done)
    assert receipt["to"] == "+6281234567890"
    assert receipt["status"] in {"delivered", "read"}

    shown = blazz("send", "+6281234567890", "Halo", "--sandbox-url", sandbox)
    assert "message id" in shown.stdout


def test_send_names_what_is_wrong(blazz: Blazz, tmp_path: Path, sandbox: str) -> None:
    failed = process(
        "send", "+1 555 013 1026", "Halo", "--sandbox-url", sandbox, cwd=tmp_path, code=1
    )
    assert "131026" in failed.stderr
    wrong = process("send", "nobody", "Halo", "--sandbox-url", sandbox, cwd=tmp_path, code=2)
    assert "error:" in wrong.stderr
    nowhere = blazz("send", "+6281234567890", "Halo", code=1)
    assert "--sandbox" in nowhere.stderr
    nothing = blazz("send", "+6281234567890", "--sandbox-url", sandbox, code=1)
    assert "what to send?" in nothing.stderr


def test_a_campaign_from_a_file_to_its_report(blazz: Blazz, tmp_path: Path, sandbox: str) -> None:
    (tmp_path / "Promo November.csv").write_text(CONTACTS, encoding="utf-8")
    run = ("campaign", "run", "Promo November.csv", "--text", "Halo {name}",
           "--sandbox-url", sandbox, "--wait", "10")  # fmt: skip

    report = last_line(process(*run, "--json", cwd=tmp_path))
    assert (report["rows_read"], report["rejected"], report["duplicates"]) == (4, 1, 1)
    assert (report["read"], report["failed"]) == (1, 1)
    rejects = Path(tmp_path / report["rejects_file"]).read_text(encoding="utf-8-sig")
    assert "n/a" in rejects

    again = process(*run, cwd=tmp_path)
    assert "131026" in again.stdout
    shown = last_line(blazz("campaign", "report", "promo-november", "--json"))
    assert shown["read"] == 1
    failures = blazz("campaign", "failures", "promo-november").stdout
    assert "+15550131026,failed,131026" in failures
    blazz("campaign", "pause", "promo-november")
    blazz("campaign", "resume", "promo-november")
    blazz("campaign", "cancel", "promo-november")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("name\nBudi\n", "phone"),
        ("phone,name\n", "row"),
        ("phone\n+6281234567890\n", "name"),
    ],
)
def test_bad_files_are_refused_before_anything_is_sent(
    blazz: Blazz, tmp_path: Path, sandbox: str, content: str, told: str
) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    done = blazz("campaign", "run", "bad.csv", "--text", "Halo {name}", "--sandbox-url", sandbox,
                 code=1)  # fmt: skip
    assert told in done.stderr


def test_a_campaign_that_is_not_there(tmp_path: Path) -> None:
    done = process("campaign", "report", "nothing", cwd=tmp_path, code=1)
    assert "no campaign 'nothing'" in done.stderr


def test_the_demo_in_small(tmp_path: Path) -> None:
    done = process("demo", "--rows", "300", "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check, report = lines[-1], lines[-2]
    assert (check["twice"], check["missing"]) == (0, 0)
    assert report["done"]
    assert report["unknown"] == 0
    assert {"progress"} == {line["event"] for line in lines[:-2]}
