"""Accounts need no sessions, so no sandbox is started for them."""

from __future__ import annotations

import pytest

from blazz_server.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sandbox": "off"})
