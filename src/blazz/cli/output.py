"""How results are shown: tables for people, lines of JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_MOST_ON_TERMINAL: Final = 20_000
"""Characters of a document that a terminal is given: some are of 3 MB."""

_people = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Tell people something; on standard error, so that results can be piped."""
    _people.print(text)


def people() -> Console:
    """The console for people."""
    return _people


def emit(value: Mapping[str, Any]) -> None:
    """Write one line of JSON to standard output; what no terminal should obey is escaped."""
    sys.stdout.write(_json(value) + "\n")
    sys.stdout.flush()


def show_document(value: object) -> None:
    """Show JSON over several lines on standard output; a terminal gets the beginning alone."""
    text = _json(value, indent=2)
    rest = len(text) - _MOST_ON_TERMINAL if sys.stdout.isatty() else 0
    sys.stdout.write((text[:_MOST_ON_TERMINAL] if rest > 0 else text) + "\n")
    if rest > 0:
        sys.stdout.flush()
        say(f"{rest} more characters are not shown: write them to a file, or take --json")


def _json(value: object, *, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    if not _writable(text):
        return json.dumps(value, indent=indent, default=str)
    # Only strings hold such characters, where JSON has escapes for all of them.
    return _escaped(text, lambda character: json.dumps(character)[1:-1])


def printable(text: str) -> str:
    r"""Escape what no terminal should obey: others may have written the text.

    Example:
        >>> printable("\x1b[31mred")
        '\\x1b[31mred'
    """
    return _escaped(text, lambda character: character.encode("unicode_escape").decode())


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else escape(c) for c in text)


def _writable(text: str) -> bool:
    """Whether standard output can take it: half a surrogate pair is in no encoding."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show_details(rows: Iterable[tuple[str, str]]) -> None:
    """Show names and what they stand for, however long, on standard output."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Text(label), Text(printable(value)))
    Console(highlight=False).print(table)


def show_pairs(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Show a table of two columns on standard output; indented labels belong to the one above."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True, min_width=8)
    for label, value in rows:
        style = "" if label.startswith(" ") else "bold"
        table.add_row(Text(printable(label), style=style), Text(printable(value)))
    Console(highlight=False).print(table)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table with headings on standard output."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(table)
