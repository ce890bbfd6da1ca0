"""Sessions in an S3 bucket: AWS, MinIO, R2 and whatever else honours conditional writes."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import anyio.to_thread

from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.saving import Settings
from blazz.auth_stores.store import SnapshotStore
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import (
    ConfigurationError,
    InvalidValue,
    MissingDependency,
    StoreFull,
    StoreUnavailable,
    UnsuitableStore,
)
from blazz.security.keyring import KeyRing
from blazz.security.secret import Secret

try:
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
    from obstore.store import S3Store
except ModuleNotFoundError as error:
    raise MissingDependency("obstore", extra="s3") from error

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Config

P = ParamSpec("P")
T = TypeVar("T")

_REQUESTS_AT_ONCE: Final = 16
_REQUEST_SECONDS: Final = 20
_RETRY_SECONDS: Final = 15
_DELETE_AT_ONCE: Final = 500
_FULL: Final = ("507 Insufficient Storage", "StorageFull", "QuotaExceeded")
_OPTIONS: Final = {"endpoint", "region", "virtual_hosted_style_request"}


class S3Backend:
    """Keeps bytes as objects.

    ::

        <prefix>/<workspace>/<session>/record
        <prefix>/<workspace>/<session>/blobs/web/packs/…

    The record is written under the condition that nobody has written it since it was read
    (`If-Match`, `If-None-Match`).

    The calls of obstore that block run in threads. Its coroutines would be set from threads of its
    own, which now and then abort the interpreter while it ends.
    """

    def __init__(
        self,
        url: str,
        *,
        access_key_id: str | None = None,
        secret_access_key: Secret | str | None = None,
    ) -> None:
        bucket, prefix, options = _parse(url)
        self.name = f"s3://{bucket}/{prefix}"
        credentials = {
            "access_key_id": access_key_id,
            "secret_access_key": Secret(secret_access_key).reveal() if secret_access_key else None,
        }
        known = {key: value for key, value in credentials.items() if value}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=cast("S3Config", {**options, **known}),
            client_options={
                "allow_http": options.get("endpoint", "").startswith("http://"),
                "timeout": timedelta(seconds=_REQUEST_SECONDS),
                "connect_timeout": timedelta(seconds=_REQUEST_SECONDS // 4),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
        )
        self._limiter = anyio.CapacityLimiter(_REQUESTS_AT_ONCE)

    async def open(self) -> Sequence[str]:
        """See `Backend.open`: proves that the bucket honours both conditions."""
        await self._call(self._probe)
        return ()

    def _probe(self) -> None:
        name = f"probe-{secrets.token_hex(8)}"
        try:
            refusal = self._refusal(name)
        except BaseError as error:
            if "501 Not Implemented" not in str(error):
                raise
            refusal = (
                "the bucket has no conditional writes, so two owners could overwrite each other"
            )
        if refusal:
            with suppress(BaseError, OSError):
                self._store.delete(name)
            raise UnsuitableStore(f"{self.name}: {refusal}")
        self._store.delete(name)

    def _refusal(self, name: str) -> str | None:
        """Why the bucket must not keep sessions, in words; tried on an object of that name."""
        first = self._store.put(name, b"1", mode="create")
        if self._is_accepted(name, "create") or self._is_accepted(name, {"e_tag": '"0"'}):
            return (
                "the bucket ignores the condition of a write, so two owners could overwrite each"
                " other; use a store with conditional writes"
            )
        if not self._is_accepted(name, {"e_tag": first["e_tag"]}):
            return "the bucket refuses a write whose condition is met"
        return None

    def _is_accepted(self, name: str, condition: PutMode) -> bool:
        try:
            self._store.put(name, b"2", mode=condition)
        except (AlreadyExistsError, PreconditionError):
            return False
        return True

    async def close(self) -> None:
        """See `Backend.close`."""

    async def read_record(self, session: SessionKey) -> StoredRecord:
        """See `Backend.read_record`."""
        return await self._call(self._read_record, f"{session}/record")

    def _read_record(self, path: str) -> StoredRecord:
        try:
            found = self._store.get(path)
        except FileNotFoundError:
            return StoredRecord(content=None)
        return StoredRecord(content=bytes(found.bytes()), version=found.meta["e_tag"] or "")

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        """See `Backend.swap_record`."""
        condition: PutMode = {"e_tag": expected.version} if expected.version else "create"
        try:
            await self._call(self._store.put, f"{session}/record", content, mode=condition)
        except (AlreadyExistsError, PreconditionError) as error:
            raise RecordMoved from error

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        """See `Backend.put`."""
        await self._call(self._store.put, f"{session}/blobs/{name}", blob, use_multipart=False)

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        """See `Backend.get`."""
        return await self._call(self._get, f"{session}/blobs/{name}")

    def _get(self, path: str) -> bytes | None:
        try:
            return bytes(self._store.get(path).bytes())
        except FileNotFoundError:
            return None

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        """See `Backend.delete`."""
        paths = [f"{session}/blobs/{name}" for name in names]
        for start in range(0, len(paths), _DELETE_AT_ONCE):
            await self._call(self._delete, paths[start : start + _DELETE_AT_ONCE])

    def _delete(self, paths: Sequence[str]) -> None:
        try:
            self._store.delete(paths)
        except FileNotFoundError:
            # Some servers call it an error; what else was named is deleted one by one then.
            for path in paths if len(paths) > 1 else ():
                self._delete([path])

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        """See `Backend.names`."""
        return await self._call(self._names, f"{session}/blobs/")

    def _names(self, folder: str) -> dict[str, int]:
        found = self._store.list(folder).collect()
        return {each["path"].removeprefix(folder): each["size"] for each in found}

    async def sessions(self, workspace: str | None) -> Sequence[SessionKey]:
        """See `Backend.sessions`."""
        folders = [f"{workspace}/"] if workspace else await self._call(self._folders, None)
        found: list[SessionKey] = []

        async def look_into(folder: str) -> None:
            for path in await self._call(self._folders, folder):
                with suppress(InvalidValue):
                    found.append(SessionKey.parse(path.strip("/")))

        async with BoundedTasks(_REQUESTS_AT_ONCE) as tasks:
            for folder in folders:
                await tasks.start(look_into, folder)
        return found

    def _folders(self, parent: str | None) -> list[str]:
        return [str(path) for path in self._store.list_with_delimiter(parent)["common_prefixes"]]

    async def announce(self, session: SessionKey, token: str) -> None:
        """See `Backend.announce`."""

    async def withdraw(self, session: SessionKey, token: str) -> None:
        """See `Backend.withdraw`."""

    async def is_gone(self, session: SessionKey, token: str) -> bool:  # noqa: ARG002  # not known
        """See `Backend.is_gone`."""
        return False

    async def _call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a request in a thread, and name what goes wrong.

        A request that is not awaited any more goes on by itself for a while. That does no harm: it
        reads, writes what was never there, deletes garbage, or writes the record on a condition.
        """
        try:
            return await anyio.to_thread.run_sync(
                functools.partial(work, *args, **kwargs),
                abandon_on_cancel=True,
                limiter=self._limiter,
            )
        except (AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, OSError) as error:
            kind = StoreFull if any(sign in str(error) for sign in _FULL) else StoreUnavailable
            reason = str(error).partition("\n")[0]
            raise kind(f"{self.name}: {reason}") from error


def _parse(url: str) -> tuple[str, str, dict[str, str]]:
    """Take `s3://bucket/prefix?endpoint=…&region=…` apart."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.password:
        raise ConfigurationError(f"s3://bucket/prefix?endpoint=… is needed, not {parts.scheme}://…")
    if unknown := sorted(options.keys() - _OPTIONS):
        raise ConfigurationError(f"an S3 URL has no option {unknown[0]!r}, only {sorted(_OPTIONS)}")
    return parts.hostname, parts.path.strip("/"), options


class S3Auth(SnapshotStore):
    """An auth store in an S3 bucket.

    Each renewal of a lease is one write request, and so is each backup or three: with the default
    lease of 30 s that is about 9,000 a day and session. Give a longer `ttl` where requests cost.

    Args:
        url: `s3://bucket/prefix`; `?endpoint=https://host` for others than AWS, `&region=…`.
        keyring: Seals what is stored; every process needs the same.
        access_key_id: The access key. Without it, what AWS tools use is used: `AWS_…` variables in
            the environment, or the role of the machine.
        secret_access_key: Its secret.
        settings: How snapshots are cut and kept.

    Raises:
        ConfigurationError: The URL is none of the above.

    Example:
        ::

            async with S3Auth("s3://my-bucket/blazz", keyring=KeyRing.from_environment()) as store:
                ...
    """

    def __init__(
        self,
        url: str,
        *,
        keyring: KeyRing,
        access_key_id: str | None = None,
        secret_access_key: Secret | str | None = None,
        settings: Settings | None = None,
    ) -> None:
        backend = S3Backend(url, access_key_id=access_key_id, secret_access_key=secret_access_key)
        super().__init__(backend, keyring=keyring, settings=settings)
