"""How the repository is built: small files with one purpose, no leftovers, nothing unindexed."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import blazz

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "blazz"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PYTHON_FILES = [
    *SOURCES,
    *(
        path
        for folder in ("benchmarks", "examples", "tests")
        for path in (ROOT / folder).rglob("*.py")
    ),
    ROOT / "noxfile.py",
]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(blazz.__path__, "blazz.")
    if not module.name.endswith("__main__")
)
FOLDERS = ("benchmarks", "docs", "examples", "src", "tests")
MOST_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}
DECISIONS = ROOT / "docs" / "decisions"


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON_FILES, ids=_name)
def test_a_file_says_its_purpose_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text)), "the first line of a file says its purpose"
    assert len(text.splitlines()) < MOST_LINES, "split it: it has more than one purpose"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_name_hides_its_purpose(path: Path) -> None:
    parts = {part.strip("_") for part in path.relative_to(PACKAGE).with_suffix("").parts}

    assert not parts & VAGUE_NAMES


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_exports_exists(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])

    assert len(exported) == len(set(exported))
    assert [missing for missing in exported if not hasattr(module, missing)] == []


def test_every_public_name_of_blazz_exists() -> None:
    assert {name for name in blazz.__all__ if not hasattr(blazz, name)} == set()
    assert set(blazz.__all__) <= set(dir(blazz))


def test_the_repository_names_no_path_of_one_machine() -> None:
    # Split, so that this file does not find itself.
    homes = re.compile(r"(?<![\w.>])/(?:home|root|Users|work|opt)" + r"/[\w.-]+")
    found = [
        f"{_name(path)}: {match[0]}"
        for path in _tracked_text()
        for match in homes.finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def _tracked_text() -> list[Path]:
    paths = [path for path in _tracked() if path.is_file() and _is_text(path)]
    assert paths
    return paths


def _tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():  # unpacked from an archive
        return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return b"\0" not in start and not start.startswith((b"\xff\xfe", b"\xfe\xff"))


def _decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


@pytest.mark.parametrize("page", _decisions(), ids=_name)
def test_a_decision_tells_context_decision_and_consequences(page: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:3] == [
        "Context",
        "Decision",
        "Consequences",
    ]


def test_every_decision_has_its_own_number_and_is_in_the_index() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    names = [page.name for page in _decisions()]

    assert [name for name in names if f"({name})" not in index] == []
    assert len({name[:4] for name in names}) == len(names)
