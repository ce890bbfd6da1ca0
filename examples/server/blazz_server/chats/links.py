"""Fetches files that links lead to, from the open Internet and nowhere else."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

import anyio
import httpcore

from blazz.messages import Upload
from blazz_server.errors import ApiError
from blazz_server.webhooks.guarded_http import CheckedBackend
from blazz_server.webhooks.targets import TargetRefused, parse_target

_SECONDS: Final = 30.0
_LARGEST: Final = 16 * 1024 * 1024


class Links:
    """Fetches files for providers that do not do it themselves.

    Nobody gets this server to look around in its own network: the address is checked at the moment
    of connecting, and redirects are not followed.

    Args:
        allow_private: Fetch from private addresses, too.
        largest: The most bytes of a file.
    """

    def __init__(self, *, allow_private: bool = False, largest: int = _LARGEST) -> None:
        self._allow_private = allow_private
        self._largest = largest

    async def fetch(self, link: str) -> Upload:
        """Fetch a file.

        Raises:
            ApiError: It cannot be fetched, is too large, or is not on the open Internet.
        """
        backend = CheckedBackend(allow_private=self._allow_private)
        try:
            parse_target(link, allow_private=self._allow_private)
            with anyio.fail_after(_SECONDS):
                async with (
                    httpcore.AsyncConnectionPool(network_backend=backend) as pool,
                    pool.stream("GET", link) as response,
                ):
                    return await self._read(link, response)
        except TargetRefused as error:
            raise _refused(link, str(error)) from error
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise _refused(link, f"no answer within {_SECONDS:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise _refused(link, type(error).__name__) from error

    async def _read(self, link: str, response: httpcore.Response) -> Upload:
        if response.status != 200:
            raise _refused(link, f"it answers with status {response.status}")
        pieces: list[bytes] = []
        size = 0
        async for piece in response.aiter_stream():
            size += len(piece)
            if size > self._largest:
                raise _refused(link, f"it has more than {self._largest} bytes")
            pieces.append(piece)
        headers = {name.lower(): value for name, value in response.headers}
        mime_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
        if not pieces or not mime_type:
            raise _refused(link, "it is empty, or has no type")
        name = PurePosixPath(unquote(urlsplit(link).path)).name
        clean = "".join(it for it in name if it.isprintable() and it not in "/\\")[:200]
        return Upload(b"".join(pieces), mime_type, clean or "file")


def _refused(link: str, why: str) -> ApiError:
    return ApiError(422, "link_not_fetched", f"{link[:200]} cannot be fetched: {why}")
