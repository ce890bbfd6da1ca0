"""The `blazz` command, run as people and machines run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blazz.cli.app import app

CONTACTS = (
    "phone,name\n+62 812-3456-7890,Budi\n+1 555 013 1026,Nobody\nn/a,Bad\n+6281234567890,Twice\n"
)


def blazz(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blazz.cli", *arguments]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox started by the command; gives its URL."""
    command = [sys.executable, "-m", "blazz.cli", "sandbox", "--port", "0", "--json",
               "--set", "throughput=null", "--set", "speed=20"]  # fmt: skip
    folder = tmp_path_factory.mktemp("sandbox")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()
        process.wait(20)


def test_the_version_and_the_help(tmp_path: Path) -> None:
    assert blazz("--version", cwd=tmp_path).stdout.startswith("blazz ")
    runner = CliRunner()
    for command in ("demo", "sandbox", "send", "campaign run", "campaign report", "inbox list"):
        shown = runner.invoke(app, [*command.split(), "--help"])
        assert shown.exit_code == 0
        assert "Usage" in shown.stdout


def test_send(tmp_path: Path, sandbox: str) -> None:
    done = blazz(
        "send", "0812-3456-7890", "Halo", "--region", "ID", "--sandbox-url", sandbox,
        "--wait", "20", "--json", cwd=tmp_path,
    )  # fmt: skip
    receipt = last_line(done)
    assert receipt["to"] == "+6281234567890"
    assert receipt["status"] in {"delivered", "read"}

    shown = blazz("send", "+6281234567890", "Halo", "--sandbox-url", sandbox, cwd=tmp_path)
    assert "message id" in shown.stdout


def test_send_names_what_is_wrong(tmp_path: Path, sandbox: str) -> None:
    failed = blazz(
        "send", "+1 555 013 1026", "Halo", "--sandbox-url", sandbox, cwd=tmp_path, code=1
    )
    assert "131026" in failed.stderr
    wrong = blazz("send", "nobody", "Halo", "--sandbox-url", sandbox, cwd=tmp_path, code=2)
    assert "error:" in wrong.stderr
    nowhere = blazz("send", "+6281234567890", "Halo", cwd=tmp_path, code=1)
    assert "--sandbox" in nowhere.stderr
    nothing = blazz("send", "+6281234567890", "--sandbox-url", sandbox, cwd=tmp_path, code=1)
    assert "what to send?" in nothing.stderr


def test_a_campaign_from_a_file_to_its_report(tmp_path: Path, sandbox: str) -> None:
    (tmp_path / "Promo November.csv").write_text(CONTACTS, encoding="utf-8")
    run = ("campaign", "run", "Promo November.csv", "--text", "Halo {name}",
           "--sandbox-url", sandbox, "--wait", "10")  # fmt: skip

    report = last_line(blazz(*run, "--json", cwd=tmp_path))
    assert (report["rows_read"], report["rejected"], report["duplicates"]) == (4, 1, 1)
    assert (report["read"], report["failed"]) == (1, 1)
    rejects = Path(tmp_path / report["rejects_file"]).read_text(encoding="utf-8-sig")
    assert "n/a" in rejects

    again = blazz(*run, cwd=tmp_path)
    assert "131026" in again.stdout
    shown = last_line(blazz("campaign", "report", "promo-november", "--json", cwd=tmp_path))
    assert shown["read"] == 1
    failures = blazz("campaign", "failures", "promo-november", cwd=tmp_path).stdout
    assert "+15550131026,failed,131026" in failures
    assert blazz("campaign", "pause", "promo-november", cwd=tmp_path).returncode == 0
    assert blazz("campaign", "resume", "promo-november", cwd=tmp_path).returncode == 0
    assert blazz("campaign", "cancel", "promo-november", cwd=tmp_path).returncode == 0


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
    tmp_path: Path, sandbox: str, content: str, told: str
) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    done = blazz("campaign", "run", "bad.csv", "--text", "Halo {name}", "--sandbox-url", sandbox,
                 cwd=tmp_path, code=1)  # fmt: skip
    assert told in done.stderr


def test_a_campaign_that_is_not_there(tmp_path: Path) -> None:
    done = blazz("campaign", "report", "nothing", cwd=tmp_path, code=1)
    assert "no campaign 'nothing'" in done.stderr


def test_the_demo_in_small(tmp_path: Path) -> None:
    done = blazz("demo", "--rows", "300", "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check, report = lines[-1], lines[-2]
    assert (check["twice"], check["missing"]) == (0, 0)
    assert report["done"]
    assert report["unknown"] == 0
    assert {"progress"} == {line["event"] for line in lines[:-2]}


def test_the_inbox(tmp_path: Path) -> None:
    missing = blazz("inbox", "list", cwd=tmp_path, code=1)
    assert "no inbox" in missing.stderr
    blazz("demo", "--rows", "10", "--folder", "here", "--json", cwd=tmp_path)
    done = blazz("inbox", "list", "--folder", "here", "--state", "done", "--json", cwd=tmp_path)
    first = json.loads(done.stdout.splitlines()[0])
    shown = last_line(blazz("inbox", "show", str(first["number"]), "--folder", "here", "--json",
                            cwd=tmp_path))  # fmt: skip
    assert shown["body"]["entry"]
    wrong = blazz("inbox", "list", "--folder", "here", "--state", "odd", cwd=tmp_path, code=2)
    assert "unreadable" in wrong.stderr
    blazz("inbox", "replay", str(first["number"]), "--folder", "here", cwd=tmp_path, code=1)
