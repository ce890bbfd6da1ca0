"""The site builds without a warning and needs no other host to be read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import blazz

ROOT = Path(__file__).resolve().parents[2]
# What a browser fetches by itself; links that a reader may follow are not among it.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?![^>]*\brel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+""",
    re.IGNORECASE,
)


# One process builds it for all of them.
pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


def test_it_builds_without_a_warning(site: Path) -> None:
    assert (site / "index.html").exists()
    assert (site / "reference" / "errors" / "index.html").exists()


def test_it_is_read_without_another_host(site: Path) -> None:
    fetched = {
        f"{path.relative_to(site)}: {match[0]}"
        for pattern in ("*.html", "*.css")
        for path in site.rglob(pattern)
        for match in FETCHED.finditer(path.read_text(encoding="utf-8"))
    }

    assert fetched == set()


def test_the_reference_has_every_public_name(site: Path) -> None:
    # Sphinx's inventory: four lines of text, then one compressed line per object.
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    documented = {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}
    shown = {name.rpartition(".")[2] for name in documented}

    assert sorted(set(blazz.__all__) - shown) == []
