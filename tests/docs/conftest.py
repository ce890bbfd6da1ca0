"""What examples and pages about WhatsApp Web need, and which of them go first."""

from __future__ import annotations

import pytest

from tests.servers.chromium import chromium_path, wa_js_path, web_variables

__all__ = ["chromium_path", "wa_js_path", "web_variables"]

LONGEST = ("test_site.py", "campaigns-scale.md", "examples.py::test_an_example_runs[campaign.py]")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end, others would wait for it alone."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))
