"""Makes the durable parts of a client from URLs, so that outgrowing one machine changes no code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote, urlsplit

from blazz.auth_stores.base import AuthStore
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.limiter.base import Limiter
from blazz.conversations.base import ConversationStore
from blazz.errors import ConfigurationError
from blazz.realtime.bus.base import Bus
from blazz.webhooks.inbox.base import Inbox

if TYPE_CHECKING:
    from blazz.security.keyring import KeyRing

T = TypeVar("T")


def make_inbox(url: str) -> Inbox:
    """Make an inbox: `sqlite:///path` or `postgresql://…`.

    Raises:
        ConfigurationError: No inbox is made from such a URL; the message lists those that are.
    """
    return _make("inbox", url, {"sqlite": _sqlite_inbox, **_postgres(_postgres_inbox)})


def make_conversation_store(url: str) -> ConversationStore:
    """Make a conversation store: `sqlite:///path` or `postgresql://…`.

    Raises:
        ConfigurationError: No conversation store is made from such a URL.
    """
    makers = {"sqlite": _sqlite_conversations, **_postgres(_postgres_conversations)}
    return _make("conversations", url, makers)


def make_ledger(url: str) -> Ledger:
    """Make a campaign ledger: `sqlite:///path` or `postgresql://…`.

    Raises:
        ConfigurationError: No ledger is made from such a URL.
    """
    return _make("ledger", url, {"sqlite": _sqlite_ledger, **_postgres(_postgres_ledger)})


def make_bus(url: str) -> Bus:
    """Make a bus: `memory://` within this process, `redis://…` for many.

    Raises:
        ConfigurationError: No bus is made from such a URL.
    """

    def memory(_url: str) -> Bus:
        from blazz.realtime.bus.memory import MemoryBus

        return MemoryBus()

    def redis(url: str) -> Bus:
        from blazz.realtime.bus.redis import RedisBus

        return RedisBus(url)

    return _make("bus", url, {"memory": memory, **_redis(redis)})


def make_engine(url: str, *, concurrency: int = 4, recovery: float = 30.0) -> Engine:
    """Make an engine: `local://` serves this process alone, `redis://…` many machines.

    Args:
        url: Which.
        concurrency: How many chunks are worked on at once.
        recovery: Seconds until a chunk goes to another process that was given to one that died;
            see `StreaqEngine`.

    Raises:
        ConfigurationError: No engine is made from such a URL.
    """

    def local(_url: str) -> Engine:
        from blazz.campaigns.engine.local import LocalEngine

        return LocalEngine(concurrency=concurrency)

    def streaq(url: str) -> Engine:
        from blazz.campaigns.engine.streaq import StreaqEngine

        return StreaqEngine(url, concurrency=concurrency, recovery=recovery)

    return _make("engine", url, {"local": local, **_redis(streaq)})


def make_limiter(url: str) -> Limiter:
    """Make a limiter: `local://` counts in this process, `redis://…` for all that share a server.

    Raises:
        ConfigurationError: No limiter is made from such a URL.
    """
    return _make("limiter", url, {"local": _local_limiter, **_redis(_redis_limiter)})


def make_auth_store(
    given: str | Path | AuthStore | None, *, keyring: KeyRing | str | Path | None = None
) -> AuthStore | None:
    """Make an auth store: a folder, `redis://…`, `s3://…` or `memory://`; None: there is none.

    Raises:
        ConfigurationError: No auth store is made from such a URL, or a key ring is given for none.
        KeyRingError: There is no key ring, or it cannot be read.
        MissingDependency: The extra for this store is not installed.
    """
    if isinstance(given, (str, Path)):
        from blazz.auth_stores.urls import from_url

        return from_url(given, keyring=keyring)
    if keyring is not None:
        raise ConfigurationError("keyring= belongs to an auth_store= that is a URL or a folder")
    return given


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file.

    Example:
        >>> sqlite_url(Path("data/inbox.db"))
        'sqlite:///data/inbox.db'
    """
    return f"sqlite:///{quote(path.as_posix())}"


def sqlite_path(url: str) -> Path:
    """The file that an SQLite URL names: three slashes for a relative path, four for an absolute.

    Raises:
        ConfigurationError: The URL names no file.

    Example:
        >>> sqlite_path("sqlite:///data/inbox.db").as_posix()
        'data/inbox.db'
    """
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/")
    if parts.netloc or not path:
        raise ConfigurationError(f"{url!r} names no file; write sqlite:///relative/path.db")
    return Path(path)


def _make(part: str, url: str, makers: Mapping[str, Callable[[str], T]]) -> T:
    scheme = urlsplit(url).scheme
    maker = makers.get(scheme)
    if maker is None:
        known = ", ".join(f"{name}://" for name in makers)
        # The URL may hold a password: only its scheme is shown.
        given = f"not {scheme}://" if scheme else "and this has no scheme"
        raise ConfigurationError(f"{part}= takes a URL of {known}, {given}")
    return maker(url)


def _postgres(maker: Callable[[str], T]) -> dict[str, Callable[[str], T]]:
    return {"postgresql": maker, "postgres": maker}


def _redis(maker: Callable[[str], T]) -> dict[str, Callable[[str], T]]:
    return {"redis": maker, "rediss": maker, "unix": maker}


def _sqlite_inbox(url: str) -> Inbox:
    from blazz.webhooks.inbox.sqlite import SqliteInbox

    return SqliteInbox(sqlite_path(url))


def _postgres_inbox(url: str) -> Inbox:
    from blazz.webhooks.inbox.postgres import PostgresInbox

    return PostgresInbox(url)


def _sqlite_conversations(url: str) -> ConversationStore:
    from blazz.conversations.sqlite import SqliteConversationStore

    return SqliteConversationStore(sqlite_path(url))


def _postgres_conversations(url: str) -> ConversationStore:
    from blazz.conversations.postgres import PostgresConversationStore

    return PostgresConversationStore(url)


def _sqlite_ledger(url: str) -> Ledger:
    from blazz.campaigns.ledger.sqlite import SqliteLedger

    return SqliteLedger(sqlite_path(url))


def _local_limiter(_url: str) -> Limiter:
    from blazz.campaigns.limiter.local import LocalLimiter

    return LocalLimiter()


def _redis_limiter(url: str) -> Limiter:
    from blazz.campaigns.limiter.redis import RedisLimiter

    return RedisLimiter(url)


def _postgres_ledger(url: str) -> Ledger:
    from blazz.campaigns.ledger.postgres import PostgresLedger

    return PostgresLedger(url)
