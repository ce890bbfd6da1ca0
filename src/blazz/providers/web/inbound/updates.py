"""Splits a body of page reports into updates; each becomes its event when that is asked for.

A body is what `blazz.providers.web.intake` wrote: the account, and reports in the order in which
they were made, each a name and a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from pydantic_core import PydanticSerializationError, from_json, to_json

from blazz.errors import WebhookError
from blazz.events.base import UNDATED, Event
from blazz.events.unknown import UnknownUpdate

Json: TypeAlias = Mapping[str, Any]

FORMAT: Final = 1
"""The version of the body's form."""


class Report(NamedTuple):
    """One thing that the page told.

    Attributes:
        name: What kind of thing.
        value: What exactly.
    """

    name: str
    value: Json


@dataclass(frozen=True, slots=True)
class WebUpdate:
    """One update.

    Attributes:
        key: What it is.
        conversation: The chat that it belongs to; its updates are handled in order.
        owner: The digits of this account's number, where known.
        report: What the page told.
        build: Makes the event.
    """

    key: str
    conversation: str | None
    owner: str | None
    report: Report
    build: Build = field(repr=False, compare=False)

    @property
    def account(self) -> None:
        """Nothing: it came from the session's own page, which names the session by itself."""
        return None

    def event(self) -> Event:
        """Build the typed event; what cannot be read is an `UnknownUpdate`."""
        try:
            return self.build(self.report.value, self)
        except Exception as error:  # noqa: BLE001  # nothing that came in may be lost
            return self.unknown(f"it could not be read ({type(error).__name__}: {error})"[:200])

    def unknown(self, reason: str) -> UnknownUpdate:
        """Keep the whole of it as something that is not understood."""
        return UnknownUpdate(**self.common(), field=self.report.name, reason=reason)

    def common(self) -> dict[str, Any]:
        """What every event carries."""
        return {
            "key": self.key,
            "at": moment(self.report.value.get("t")),
            "account": self.owner,
            "raw": dict(self.report.value),
        }


Build: TypeAlias = Callable[[Json, WebUpdate], Event]
"""Makes the event of an update; may raise anything: then it is unknown."""

Identify: TypeAlias = Callable[[Json], tuple[str, str | None]]
"""Tells what an update is, within its account, and which chat it belongs to."""


class Kind(NamedTuple):
    """How updates of a kind are read."""

    identify: Identify
    build: Build


def encode(owner: str | None, reports: Iterable[Report]) -> bytes:
    """Write a body.

    Example:
        >>> encode("6281", [Report("chat", {"chat": "1@c.us"})])
        b'{"web":1,"account":"6281","reports":[["chat",{"chat":"1@c.us"}]]}'
    """
    body = {"web": FORMAT, "account": owner, "reports": [list(it) for it in reports]}
    try:
        return to_json(body)
    except PydanticSerializationError:
        return to_json(_well_formed(body))


def _well_formed(value: Any) -> Any:  # noqa: ANN401  # whatever the page told
    """Replace halves of surrogate pairs, which the page can hold and UTF-8 has no form of."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {_well_formed(name): _well_formed(its) for name, its in value.items()}
    if isinstance(value, list):
        return [_well_formed(its) for its in value]
    return value


def parse(body: bytes) -> Sequence[WebUpdate]:
    """Split a body into updates, in the order in which the page told of them.

    Raises:
        WebhookError: It is not such a body.
    """
    try:
        batch = from_json(body)
    except ValueError as error:
        raise WebhookError(f"not JSON: {error}") from error
    if not isinstance(batch, dict) or batch.get("web") != FORMAT:
        raise WebhookError("not a body of WhatsApp Web updates")
    reports, owner = batch.get("reports"), batch.get("account")
    if not isinstance(reports, list):
        raise WebhookError("a body of WhatsApp Web updates holds no reports")
    return [update for each in reports for update in _updates(each, owner)]


def _updates(written: object, owner: str | None) -> Iterator[WebUpdate]:
    from blazz.providers.web.inbound.kinds import KINDS

    match written:
        case [str() as name, dict() as value]:
            kind = KINDS.get(name)
        case _:
            name, value, kind = "unreadable", {"report": written}, None
    for each in _each(name, value):
        report = Report(name, each)
        try:
            assert kind is not None
            key, conversation = kind.identify(each)
            build = kind.build
        except Exception:  # noqa: BLE001  # kept whole, never dropped
            key, conversation, build = f"unknown:{_digest(each)}", None, _not_known
        yield WebUpdate(f"web:{owner or ''}:{key}", conversation, owner, report, build)


def _each(name: str, value: Json) -> Iterator[Json]:
    """What is about several messages or people becomes one update for each of them."""
    match name, value:
        case "receipt", {"ids": list() as ids}:
            tokens = value.get("tokens") or [None] * len(ids)
            for place, message_id in enumerate(ids):
                one = {"id": message_id, "token": tokens[place]}
                yield {**value, "ids": None, "tokens": None, **one}
        case "joining", {"members": list() as members}:
            for member in members:
                yield {**value, "members": None, "person": member}
        case _:
            yield value


def _not_known(_: Json, update: WebUpdate) -> Event:
    return update.unknown("this kind of report is not known, or it names nothing")


def _digest(value: Json) -> str:
    from hashlib import blake2b

    return blake2b(to_json(value, fallback=str), digest_size=12).hexdigest()


def moment(seconds: object) -> datetime:
    """Read a time in seconds since 1970; `UNDATED` if it is none."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return UNDATED
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return UNDATED
