"""What commands about WhatsApp Web need."""

from __future__ import annotations

from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]
