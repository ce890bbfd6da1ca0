"""The names of `blazz` are the same for people, for type checkers and at run time."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import blazz

TREE = ast.parse(Path(blazz.__file__).read_text(encoding="utf-8"))


def _imported_for_type_checkers() -> dict[str, str]:
    (block,) = (node for node in TREE.body if isinstance(node, ast.If))
    return {
        alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_see_what_is_loaded_at_run_time() -> None:
    assert _imported_for_type_checkers() == blazz._HOMES
    assert sorted(blazz._HOMES) == blazz.__all__


def test_a_name_is_found_where_it_lives() -> None:
    elsewhere = [
        name
        for name, home in blazz._HOMES.items()
        if getattr(blazz, name) is not getattr(importlib.import_module(home), name)
    ]

    assert elsewhere == []


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        blazz.Nothing  # noqa: B018
    with pytest.raises(AttributeError, match=r"'CallConnected'; it is in blazz\.events"):
        blazz.CallConnected  # noqa: B018
