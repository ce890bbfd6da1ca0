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


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
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


def test_the_site_is_whole_and_stands_alone(site: Path) -> None:
    """One test, because the site would be built again in each process that runs one."""
    assert (site / "index.html").exists()
    assert (site / "reference" / "errors" / "index.html").exists()
    assert _fetched(site) == set(), "it is to be read without another host"
    assert sorted(set(blazz.__all__) - _documented(site)) == []


def _fetched(site: Path) -> set[str]:
    """What its pages have a browser fetch from elsewhere."""
    return {
        f"{path.relative_to(site)}: {match[0]}"
        for pattern in ("*.html", "*.css")
        for path in site.rglob(pattern)
        for match in FETCHED.finditer(path.read_text(encoding="utf-8"))
    }


def _documented(site: Path) -> set[str]:
    """The names that its reference has."""
    # Sphinx's inventory: four lines of text, then one compressed line per object.
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    documented = {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}
    return {name.rpartition(".")[2] for name in documented}
