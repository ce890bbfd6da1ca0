"""Every file in examples/ runs as it is, in an empty folder, with warnings as errors.

The campaign writes to fewer people by default: all ten thousand take as long as all other examples.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
CONTACTS = ROOT / "examples" / "data" / "contacts.csv"
FEW = 2000
SECONDS = 280


def _is_web_application(path: Path) -> bool:
    """Whether a server runs it: it has an `app`, and would serve for ever if it were started."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(target, ast.Name) and target.id in {"app", "application"}
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.usefixtures("quick_starts")
def test_an_example_runs(path: Path, tmp_path: Path, web_variables: dict[str, str]) -> None:
    arguments = [str(_few_contacts(tmp_path))] if path.name == "campaign.py" else []
    _run(path, tmp_path, web_variables, arguments)


@pytest.mark.long
def test_the_campaign_reaches_all_contacts(tmp_path: Path, web_variables: dict[str, str]) -> None:
    _run(ROOT / "examples" / "campaign.py", tmp_path, web_variables, [])


def _few_contacts(folder: Path) -> Path:
    lines = CONTACTS.read_text(encoding="utf-8").splitlines(keepends=True)
    few = folder / "few.csv"
    few.write_text("".join(lines[: 1 + FEW]), encoding="utf-8")
    return few


def _run(path: Path, folder: Path, variables: dict[str, str], arguments: list[str]) -> None:
    # A web application is imported here, and asked in tests of its own.
    run_name = "imported" if _is_web_application(path) else "__main__"
    code = f"import runpy; runpy.run_path({str(path)!r}, run_name={run_name!r})"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**os.environ, **variables, "PYTHONWARNINGS": "error", "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout
