"""A backend in memory whose requests fail on command, for the tests of auth stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from blazz.auth_stores import SessionKey
from blazz.auth_stores.backend import StoredRecord
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import StoreUnavailable

T = TypeVar("T")


class FaultyBackend(MemoryBackend):
    """Fails requests before or after they had their effect.

    Attributes:
        calls: The requests so far, by name.
        faults: What is still to go wrong: the name of a request, and whether its effect happens.
    """

    def __init__(self, shared: MemoryBackend | None = None) -> None:
        super().__init__()
        if shared is not None:
            self.blobs, self.records = shared.blobs, shared.records
        self.calls: list[str] = []
        self.faults: list[tuple[str, bool]] = []

    def fail(self, call: str, *, applied: bool = False, times: int = 1) -> None:
        """Let the next requests of a name fail; with `applied` only their answer is lost."""
        self.faults += [(call, applied)] * times

    async def _do(self, call: str, work: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(call)
        for fault in self.faults:
            if fault[0] == call:
                self.faults.remove(fault)
                if fault[1]:
                    await work()
                raise StoreUnavailable(f"{call} failed")
        return await work()

    async def read_record(self, session: SessionKey) -> StoredRecord:
        return await self._do("read_record", lambda: MemoryBackend.read_record(self, session))

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        await self._do(
            "swap_record",
            lambda: MemoryBackend.swap_record(self, session, content, expected=expected),
        )

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        call = f"put {name.split('/')[1]}"
        await self._do(call, lambda: MemoryBackend.put(self, session, name, blob))

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        return await self._do("get", lambda: MemoryBackend.get(self, session, name))

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        await self._do("delete", lambda: MemoryBackend.delete(self, session, names))

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        return await self._do("names", lambda: MemoryBackend.names(self, session))
