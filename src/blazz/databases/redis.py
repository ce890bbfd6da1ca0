"""One way to reach Redis: a bounded pool, scripts from `.lua` files, errors with a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Final

from blazz.errors import BlazzError, ConfigurationError, MissingDependency

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import ConstantBackoff
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
    from redis.exceptions import ConnectionError as RedisConnectionError
except ModuleNotFoundError as error:
    raise MissingDependency("redis", extra="redis") from error

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

CONNECTIONS: Final = 8
SECONDS: Final = 5.0


class RedisServer:
    """A Redis server and the connections to it.

    Args:
        part: What needs it, for messages: `bus`, `registry`, ….
        url: `redis://host:6379/0`, `rediss://…` with TLS, or `unix://…`.
        unavailable: The error to raise when it does not answer.
        connections: The most connections at a time.
        seconds: How long to wait for a connection, and for an answer.
        retries: How often a command whose connection broke is sent again: what is sent must bear
            being carried out twice. A connection of before the server's restart is then not worth
            an error. What waits for long is to have none: a retry would outlive `close`.

    Attributes:
        client: Runs commands.
        name: The server without its password.

    Raises:
        ConfigurationError: The URL is malformed.
    """

    def __init__(
        self,
        part: str,
        url: str,
        *,
        unavailable: type[BlazzError],
        connections: int = CONNECTIONS,
        seconds: float = SECONDS,
        retries: int = 1,
    ) -> None:
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=connections,
                timeout=seconds,
                socket_connect_timeout=seconds,
                socket_timeout=seconds,
                retry=Retry(ConstantBackoff(0.05), retries=retries),
                retry_on_error=[RedisConnectionError],
            )
        except ValueError as error:
            raise ConfigurationError(f"{part}: {error}") from error
        self.client: Redis = Redis(connection_pool=pool)
        place = pool.connection_kwargs
        host = place.get("path") or f"{place.get('host', 'localhost')}:{place.get('port', 6379)}"
        self.name = f"redis://{host}/{place.get('db', 0)}"
        self._part = part
        self._unavailable = unavailable

    def script(self, package: str, filename: str) -> AsyncScript:
        """Read a script that is shipped with a package."""
        source = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
        return self.client.register_script(source)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Give errors of the server a name.

        Raises:
            ConfigurationError: It refuses the user, the password or the command.
            BlazzError: It does not answer; of the kind that was chosen.
        """
        try:
            yield
        except (AuthenticationError, NoPermissionError) as error:
            raise ConfigurationError(
                f"the {self._part} {self.name} turned us away: {error}"
            ) from error
        except (RedisError, OSError) as error:
            what = str(error) or type(error).__name__
            raise self._unavailable(f"{self.name} does not answer: {what}") from error

    async def close(self) -> None:
        """Close the connections. May be repeated."""
        await self.client.aclose()
        await self.client.connection_pool.disconnect()
