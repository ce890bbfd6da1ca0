"""What all resources share: the account they belong to, and how answers are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from blazz.errors import ConfigurationError, UnreadableAnswer
from blazz.providers.meta_cloud.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAccess:
    """The account that a resource belongs to.

    Attributes:
        graph: Gives the open connection, or raises `SessionClosed`.
        phone_number_id: The phone number's id.
        waba: The WhatsApp business account's id, or None.
    """

    graph: Callable[[], Graph]
    phone_number_id: str
    waba: str | None

    @property
    def waba_id(self) -> str:
        """The WhatsApp business account's id.

        Raises:
            ConfigurationError: The provider was made without one.
        """
        if self.waba is None:
            raise ConfigurationError("this needs the business account: MetaCloud(…, waba_id=…)")
        return self.waba


class Answer(BaseModel):
    """An object of the Graph API. Fields that this version does not know are kept as they came."""

    model_config = ConfigDict(extra="allow", frozen=True)


A = TypeVar("A", bound=Answer)


def read_answer(kind: type[A], answer: object) -> A:
    """Read an object.

    Raises:
        UnreadableAnswer: It lacks what the API promises.
    """
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"not a {kind.__name__}: {where} {first['msg']}"
        raise UnreadableAnswer(reason, status=200, body=str(answer)) from error


def first_of(answer: Mapping[str, Any]) -> object:
    """The single object of an answer that wraps it into a list.

    Raises:
        UnreadableAnswer: There is none.
    """
    data = answer.get("data")
    if isinstance(data, list) and data:
        return data[0]
    raise UnreadableAnswer("the answer has no data", status=200, body=str(answer))


async def pages(graph: Graph, *path: str, **params: str) -> AsyncIterator[object]:
    """Give the objects of a list, page after page.

    The cursor is taken from the answer, never its `next` address: that one has the token in it.
    """
    after: str | None = None
    while True:
        cursor = {} if after is None else {"after": after}
        answer = await graph.get(graph.url(*path, **params, **cursor))
        data = answer.get("data")
        if not isinstance(data, list):
            raise UnreadableAnswer("the answer is no list", status=200, body=str(answer))
        for item in data:
            yield item
        following = _cursor_after(answer)
        if following is None or following == after:
            return
        after = following


def _cursor_after(answer: Mapping[str, Any]) -> str | None:
    paging = answer.get("paging")
    if not isinstance(paging, Mapping) or "next" not in paging:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and after else None
