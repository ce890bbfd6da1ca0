"""The page about errors lists every code as its class describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from blazz.providers.meta_cloud.faults import FAULTS, GraphError
from blazz.providers.meta_cloud.faults.reading import SUBJECTS

PAGE = Path(__file__).parents[4] / "docs" / "errors.md"


def table() -> Iterator[str]:
    """The lines of the page's last part."""
    for subject in SUBJECTS:
        title = re.sub("^Errors (of|about) ", "", (subject.__doc__ or "").partition("\n")[0])
        kinds = {kind for kind in FAULTS.values() if kind.__module__ == subject.__name__}
        yield f"### {title[0].upper()}{title[1:].rstrip('.')}"
        yield ""
        yield "| code | class | kind | again | what happened, and what to do |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (row(kind) for kind in sorted(kinds, key=lambda kind: kind.codes))
        yield ""


def row(kind: type[GraphError]) -> str:
    codes = ", ".join(str(code) for code in kind.codes)
    if len(kind.codes) > 9:
        codes = f"{kind.codes[0]} to {kind.codes[-1]}"
    text = f"{kind.summary()} {kind.remedy}".replace("{{", "`{{").replace("}}", "}}`")
    names = f"`{kind.__name__}` | `{kind.__bases__[1].__name__}`"
    return f"| {codes} | {names} | {kind.retry} | {text} |"


def test_the_page_has_every_code() -> None:
    expected = "\n".join(table()).rstrip() + "\n"
    _, _, listed = PAGE.read_text(encoding="utf-8").partition("<!-- the codes -->\n\n")
    assert listed == expected, f"the end of {PAGE.name} should be:\n\n{expected}"
