"""How the repository is built: small files with one purpose, no leftovers, nothing unindexed."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
from pathlib import Path

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
FOLDERS = ("benchmarks", "docs", "examples", "src", "tests")
MOST_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}
DECISIONS = ROOT / "docs" / "decisions"


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# One test looks at all files: two thousand tests would take longer to tell of than to run.
def test_every_file_says_its_purpose_and_stays_short() -> None:
    texts = {_name(path): path.read_text(encoding="utf-8") for path in PYTHON_FILES}
    silent = [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))]
    long = [name for name, text in texts.items() if len(text.splitlines()) >= MOST_LINES]

    assert silent == [], "the first line of a file says its purpose"
    assert long == [], "split it: it has more than one purpose"


def test_no_name_hides_its_purpose() -> None:
    parts = {path: path.relative_to(PACKAGE).with_suffix("").parts for path in SOURCES}
    vague = [
        _name(path)
        for path, names in parts.items()
        if VAGUE_NAMES & {name.strip("_") for name in names}
    ]

    assert vague == []


def test_what_modules_export_exists() -> None:
    wrong: dict[str, list[str]] = {}
    for name in _modules():
        module = importlib.import_module(name)
        exported = getattr(module, "__all__", [])
        missing = [each for each in exported if not hasattr(module, each)]
        twice = [each for each in set(exported) if exported.count(each) > 1]
        if missing or twice:
            wrong[name] = missing + twice

    assert wrong == {}


def _modules() -> list[str]:
    modules = pkgutil.walk_packages(blazz.__path__, "blazz.")
    return sorted(module.name for module in modules if not module.name.endswith("__main__"))


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


def test_a_decision_tells_context_decision_and_consequences() -> None:
    titles = {
        _name(page): re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)[:3]
        for page in _decisions()
    }
    expected = ["Context", "Decision", "Consequences"]

    assert {name: found for name, found in titles.items() if found != expected} == {}
    misnamed = [name for name in titles if not re.fullmatch(r".*/\d{4}-[a-z0-9-]+\.md", name)]
    assert misnamed == []


def test_every_decision_has_its_own_number_and_is_in_the_index() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    names = [page.name for page in _decisions()]

    assert [name for name in names if f"({name})" not in index] == []
    assert len({name[:4] for name in names}) == len(names)
