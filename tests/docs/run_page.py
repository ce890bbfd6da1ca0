"""Runs one page in the current folder: `python run_page.py PAGE`.

A process of its own for each page: what one page leaves behind cannot help or hurt another.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.docs.pages import Block, blocks  # found through the line above

_EXIT_CODE = re.compile(r"#\s*exit code (?P<code>\d+)\s*$")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class PageFailed(Exception):
    """A block of a page does not do what the page says."""


def main(page: Path) -> None:
    """Run every block of a page that is meant to run."""
    # A module of its own, so that dataclasses and pickles find where a class was defined.
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    found = list(blocks(page))
    commands = "".join(block.text for block in found if block.language == "console")
    with asyncio.Runner() as loop:
        for block in found:
            if block.not_run is not None:
                continue
            if block.title is not None:
                Path(block.title).write_text(block.text, encoding="utf-8")
                if block.language == "python" and block.title not in commands:
                    _run_commands(block, page, f"$ python {block.title}")
            elif block.language == "python":
                _run_python(block, page, module, loop)
            elif block.language == "console":
                _run_commands(block, page, block.text)


def _run_python(block: Block, page: Path, module: types.ModuleType, loop: asyncio.Runner) -> None:
    # The empty lines make tracebacks point at the page's own lines.
    source = "\n" * (block.line - 1) + block.text
    code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        loop.run(eval(code, module.__dict__))
    else:
        exec(code, module.__dict__)


def _run_commands(block: Block, page: Path, session: str) -> None:
    for shown in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, output = shown.partition("\n")
        expected_code = int(match["code"]) if (match := _EXIT_CODE.search(command)) else 0
        done = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        )
        where = f"{page}:{block.line}: $ {command}"
        if done.returncode != expected_code:
            raise PageFailed(f"{where}\nexit code {done.returncode}\n{done.stdout}")
        if missing := missing_line(output, done.stdout):
            raise PageFailed(f"{where}\ndoes not print: {missing}\nbut: {done.stdout}")


def missing_line(expected: str, printed: str) -> str | None:
    """The first line of the page that was not printed, in order; numbers and spaces may differ.

    `…` stands for any text; a line `…` for any number of lines.
    """
    lines = iter([_comparable(line) for line in printed.splitlines()])
    for line in expected.splitlines():
        pattern = ".*".join(re.escape(part) for part in _comparable(line).split("…"))
        if line.strip() not in {"", "…"} and not any(
            re.fullmatch(pattern, candidate) for candidate in lines
        ):
            return line
    return None


def _comparable(line: str) -> str:
    return _NUMBER.sub("0", " ".join(line.split()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
