"""What examples and pages about WhatsApp Web need."""

from __future__ import annotations

from tests.servers.chromium import chromium_path, wa_js_path, web_variables

__all__ = ["chromium_path", "wa_js_path", "web_variables"]
