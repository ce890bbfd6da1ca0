"""The scripts of the page: their order, their guard, and the names of what wa-js must find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import BridgeError, BrowserDied, PageCrashed, PageReloaded, WebError
from blazz.providers.web import line as lines
from blazz.providers.web.probe import NEEDED, described
from blazz.providers.web.scripts import WA_JS_CONFIG, own_scripts, page_scripts

GUARD = "(() => { if (window.top !== window) return;\n"
NAMES = [name for group in NEEDED.values() for name in group]


def test_scripts_come_in_an_order_in_which_each_finds_what_it_needs(tmp_path: Path) -> None:
    wa_js = tmp_path / "wa.js"
    wa_js.write_text("self.WPP = {} // no line break", encoding="utf-8")

    bridge, library, others = page_scripts(wa_js)

    assert bridge.index(WA_JS_CONFIG) < bridge.index("window.blazz = {")
    assert "self.WPP" in library
    assert others.count(GUARD) == len(own_scripts()) - 1
    for script in (bridge, library, others):
        assert script.startswith(GUARD)
        assert script.endswith("\n})();")


@given(st.sets(st.sampled_from(NAMES)))
def test_each_missing_part_is_named_once(missing: set[str]) -> None:
    text = described(frozenset(missing))

    words = text.replace("(", ", ").replace(")", "").split(", ")
    assert {word.strip() for word in words if word.strip() in NAMES} == missing
    assert len([word for word in words if word.strip() in NAMES]) == len(missing)


def test_no_part_is_listed_twice() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Protocol error: Inspected target navigated or closed", PageReloaded),
        ("Protocol error (Runtime.evaluate): Promise was collected", PageReloaded),
        ("Target page, context or browser has been closed", BrowserDied),
        ("Connection closed while reading from the driver", BrowserDied),
        ("Protocol error: Internal server error, session closed.", BrowserDied),
        ("Protocol error (Page.enable): Target closed", BrowserDied),
        ("Target crashed", PageCrashed),
        ("Protocol error (Fetch.enable): Invalid pattern\nCall log:", WebError),
        ("", WebError),
    ],
)
def test_playwrights_words_become_errors(text: str, kind: type[WebError]) -> None:
    assert type(lines._translated(text)) is kind


def test_what_a_script_threw_is_told_in_one_line() -> None:
    error = {"exception": {"description": "TypeError: x is undefined\n    at <anonymous>:1:1"}}

    assert lines._thrown(error) == "TypeError: x is undefined"
    assert lines._thrown({"exception": {"value": 7}}) == "7"
    assert lines._thrown({"text": "Uncaught"}) == "Uncaught"
    assert issubclass(BridgeError, WebError)
