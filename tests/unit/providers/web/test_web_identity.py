"""How the browser names itself."""

from __future__ import annotations

from typing import Any

import pytest

from blazz.providers.web.identity import usual_identity

HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " HeadlessChrome/156.0.8078.79 Safari/537.36"
)


@pytest.mark.parametrize(
    ("platform", "shown"), [("linux", "Linux"), ("darwin", "macOS"), ("win32", "Windows")]
)
def test_it_names_itself_as_one_with_a_window_does(platform: str, shown: str) -> None:
    identity: Any = usual_identity(HEADLESS, platform=platform)

    assert "Headless" not in identity["userAgent"]
    assert identity["userAgent"].endswith(" Chrome/156.0.0.0 Safari/537.36")
    assert identity["userAgentMetadata"]["platform"] == shown
    versions = {it["brand"]: it["version"] for it in identity["userAgentMetadata"]["brands"]}
    assert versions["Chromium"] == "156"


def test_a_name_that_is_usual_stays() -> None:
    assert usual_identity(HEADLESS.replace("Headless", "")) is None
    assert usual_identity("patched") is None
