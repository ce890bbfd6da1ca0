"""`blazz.sandbox` is light to import, and says what to install when the server is missing."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import blazz.sandbox


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_package_alone_loads_no_server() -> None:
    assert run("""
        import sys, blazz.sandbox
        print([name for name in ("starlette", "uvicorn", "httpx") if name in sys.modules])
    """) == "[]"  # fmt: skip


def test_without_the_server_it_says_what_to_install() -> None:
    assert "blazz[server]" in run("""
        import sys
        sys.modules["uvicorn"] = None
        import blazz.sandbox
        try:
            blazz.sandbox.Sandbox
        except Exception as error:
            print(type(error).__name__, error)
    """)


def test_unknown_names_are_unknown() -> None:
    with pytest.raises(AttributeError):
        blazz.sandbox.nonsense  # noqa: B018
