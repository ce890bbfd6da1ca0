"""The sandbox's phones: each belongs to the workspace that used its number first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blazz import addresses
from blazz.sandbox import SandboxPhone as Phone
from blazz.sandbox.web.refusals import WebRefusal
from blazz_server.database import Database
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.sandbox import SandboxHost
from blazz_server.hosting.tables import SandboxPhone


class SandboxPhones:
    """Simulated phones: they scan codes, write and read, so that all can be tried alone.

    Args:
        database: The server's own tables.
        sandbox: The sandbox that they are in.
    """

    def __init__(self, database: Database, sandbox: SandboxHost) -> None:
        self._database = database
        self._sandbox = sandbox

    async def take(self, workspace: str, number: str, *, title: str) -> SandboxPhone:
        """Make a phone, or name it anew.

        Raises:
            InvalidAddress: It is not a phone number.
            ApiError: Another workspace has the number, or there is no sandbox.
        """
        row = await self._take(workspace, str(addresses.parse_phone(number)), title)
        await self._sandbox.control.web.phone(row.number).set_up(name=title or row.number)
        return row

    async def list(self, workspace: str) -> Sequence[SandboxPhone]:
        """The phones of a workspace."""
        query = select(SandboxPhone).where(SandboxPhone.workspace == workspace)
        async with self._database.read() as session:
            return (await session.scalars(query.order_by(SandboxPhone.number))).all()

    async def find(self, workspace: str, number: str) -> Phone:
        """A phone of a workspace, to be moved.

        Raises:
            InvalidAddress: It is not a phone number.
            ApiError: The workspace has no such phone, or there is no sandbox.
        """
        wanted = str(addresses.parse_phone(number))
        async with self._database.read() as session:
            row = await session.get(SandboxPhone, wanted)
        if row is None or row.workspace != workspace:
            raise not_found("phone", number)
        return self._sandbox.control.web.phone(row.number)

    @contextmanager
    def answers(self) -> Iterator[None]:
        """Say what the simulated WhatsApp refuses.

        Raises:
            ApiError: It refused.
        """
        try:
            yield
        except WebRefusal as error:
            raise ApiError(409, "whatsapp_refused", f"{error.code}: {error}") from error

    async def _take(self, workspace: str, number: str, title: str) -> SandboxPhone:
        try:
            async with self._database.begin() as session:
                row = await session.get(SandboxPhone, number)
                if row is None:
                    row = SandboxPhone(number=number, workspace=workspace)
                    session.add(row)
                if row.workspace != workspace:
                    detail = f"the number {number} is in use; choose another one"
                    raise ApiError(409, "phone_taken", detail)
                row.title = title
        except IntegrityError as error:
            raise ApiError(409, "phone_taken", f"the number {number} is in use") from error
        return row
