"""Reads the fenced blocks of a Markdown page.

How a page is read:

* All ```` ```python ```` blocks of a page share one namespace and run from top to bottom; `await`
  is allowed outside functions. A block inside an HTML comment is not shown, but runs.
* A block with `title="name"` is a file of that name, which commands may use. A Python file that no
  command of the page names is run where it stands.
* In ```` ```console ```` blocks, lines that start with `$ ` are commands; what follows each is its
  output.
* ```` ```sh ```` blocks set things up on the reader's machine and are only shown.
* `<!-- not run: the reason -->` above a block keeps it from running.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w+-]*)(?P<options>.*)$")
_NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>.*?)\s*-->")
_TITLE = re.compile(r'title="(?P<title>[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, its text, and the line of the page that its text starts on."""

    language: str
    text: str
    line: int
    title: str | None = None
    not_run: str | None = None


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, from top to bottom."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    above = ""
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if opening is None:
            above = lines[number - 1].strip() or above
            continue
        start = number
        closing = re.compile(rf" *{opening['ticks']}\s*")
        while number < len(lines) and not closing.fullmatch(lines[number]):
            number += 1
        title = _TITLE.search(opening["options"])
        reason = _NOT_RUN.fullmatch(above)
        yield Block(
            language=opening["language"],
            text=textwrap.dedent("\n".join(lines[start:number])) + "\n",
            line=start + 1,
            title=title["title"] if title else None,
            not_run=reason["reason"] if reason else None,
        )
        number += 1
        above = ""
