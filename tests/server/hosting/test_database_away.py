"""Sessions go on while the server's database is away, and what is wanted is read afterwards."""

from __future__ import annotations

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from blazz.errors import RegistryUnavailable
from blazz_server.hosting.records import SessionRecords
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant
from tests.server.sandboxed import open_session


async def test_what_runs_goes_on_without_the_table_of_sessions(
    platform: Platform, tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = await tenant("acme")
    session = await open_session(acme, platform)
    hosting, looked = platform.hosting, anyio.Event()

    async def away(_self: SessionRecords) -> dict[str, str | None]:
        looked.set()
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    with monkeypatch.context() as patch:
        patch.setattr(SessionRecords, "wanted", away)
        hosting.hurry()
        with anyio.fail_after(30):
            await looked.wait()
        with pytest.raises(RegistryUnavailable, match="cannot be read"):
            await hosting._wanted()
        assert hosting.is_ours("acme/shop")
    # It is looked at again: the other one starts.
    await open_session(acme, platform, "other")
    assert session.owned
