"""Everything that users reach from `import blazz` has a type that every checker infers alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import blazz

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def symbols() -> list[dict[str, Any]]:
    """What pyright says of every symbol of the package."""
    done = subprocess.run(
        [SCRIPTS / "pyright", "--verifytypes", "blazz", "--ignoreexternal", "--outputjson"],
        # Away from the source: it must find the package as users do, where it is installed.
        cwd=SCRIPTS,
        env={**os.environ, "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    return found


def _homes() -> set[str]:
    """Where the public names are defined."""
    values = [getattr(blazz, name) for name in blazz.__all__]
    return {
        f"{value.__module__}.{value.__qualname__}" for value in values if isinstance(value, type)
    }


def _is_part_of(name: str, homes: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:length]) in homes for length in range(2, len(parts) + 1))


def test_pyright_finds_the_public_names(symbols: list[dict[str, Any]]) -> None:
    names = {symbol["name"] for symbol in symbols}

    assert _homes() - names == set()


def test_what_users_reach_has_a_known_type(symbols: list[dict[str, Any]]) -> None:
    homes = _homes()
    doubtful = {
        symbol["name"]: [each["message"] for each in symbol["diagnostics"]]
        for symbol in symbols
        if _is_part_of(symbol["name"], homes)
        and symbol["diagnostics"]
        and (symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"])
    }

    assert doubtful == {}


def test_nothing_in_the_package_has_an_unknown_type(symbols: list[dict[str, Any]]) -> None:
    unknown = {
        symbol["name"]: [each["message"] for each in symbol["diagnostics"]]
        for symbol in symbols
        if symbol["isExported"] and not symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
    }

    assert unknown == {}
