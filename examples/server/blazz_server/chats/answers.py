"""How requests to send are answered: the same each time, whatever became of the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blazz.errors import BlazzError
from blazz_server.chats.contents import clean
from blazz_server.chats.lists import Values
from blazz_server.chats.requests import Accepted
from blazz_server.errors import ApiError
from blazz_server.library_errors import answer_to


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request to send is answered with.

    Attributes:
        status: The HTTP status.
        accepted: The body.
        replayed: It was answered before.
    """

    status: int
    accepted: Accepted
    replayed: bool = False


def accepted(row: Mapping[str, Any], *, status: str = "accepted") -> Accepted:
    """WhatsApp took a message, or it is still on its way."""
    return Accepted(
        id=row["id"],
        status=status,
        message_id=row["message_id"],
        to=row["chat"],
        token=row["token"],
        held=(row["problem"] or {}).get("code") == "held",
    )


def unknown(row: Mapping[str, Any]) -> ApiError:
    """It cannot be known whether a message was sent."""
    return ApiError(
        504,
        "delivery_unknown",
        "it cannot be known yet whether the message was sent; do not send it with another key,"
        " but ask for it by its id: its token comes back in status updates",
        id=row["id"],
        token=row["token"],
        to=row["chat"],
        message_status="unknown",
    )


def told_of(error: BlazzError) -> Values:
    """What is kept of a refusal, to answer the same request the same way."""
    answer = answer_to(error)
    return {
        "code": answer.more.get("provider_code") or answer.code,
        "detail": clean(answer.detail),
        "refused": {"status": answer.status, "code": answer.code, "more": answer.more},
    }


def refusal(row: Mapping[str, Any], told: Mapping[str, Any]) -> ApiError:
    """WhatsApp refused a message; asking again would change nothing."""
    kept = told["refused"]
    return ApiError(kept["status"], kept["code"], str(told["detail"]), id=row["id"], **kept["more"])
