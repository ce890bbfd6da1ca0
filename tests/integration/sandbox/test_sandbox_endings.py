"""Answers that leave doubt, on real connections, as clients see them."""

from __future__ import annotations

import httpx
import pytest

from blazz.sandbox.magic import Story
from tests.integration.sandbox.conftest import Place


async def accepted(place: Place) -> int:
    """How many messages were accepted; all of their statuses came."""
    await place.control.settle()
    count = (await place.control.state())["messages"]
    assert len(place.application.statuses) == 3 * count
    return int(count)


async def send_in_vain(place: Place) -> None:
    """Send what is accepted but never answered."""
    message = {"messaging_product": "whatsapp", "text": {"body": "hi"}}
    with pytest.raises(httpx.ReadTimeout):
        await place.graph.post(
            "/106540352242922/messages",
            json={**message, "to": Story.ACCEPTED_NO_ANSWER.phone},
            timeout=httpx.Timeout(60, read=1.0),
        )


async def test_a_request_that_is_never_answered(place: Place) -> None:
    await send_in_vain(place)

    assert await accepted(place) == 1


@pytest.mark.parametrize(
    ("story", "count"),
    [(Story.ACCEPTED_CLOSED, 1), (Story.CLOSED, 0), (Story.ACCEPTED_CUT_OFF, 1)],
)
async def test_a_connection_that_closes(place: Place, story: Story, count: int) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await place.send(story.phone)

    assert await accepted(place) == count
    assert (await place.send()).status_code == 200


@pytest.mark.parametrize(
    ("story", "status", "body", "count"),
    [
        (Story.BAD_GATEWAY, 502, "<html>", 0),
        (Story.ACCEPTED_BAD_GATEWAY, 502, "<html>", 1),
        (Story.UNAVAILABLE, 503, "", 0),
        (Story.CAPTIVE_PORTAL, 200, "<html>", 0),
    ],
)
async def test_an_answer_that_is_not_json(
    place: Place, story: Story, status: int, body: str, count: int
) -> None:
    answer = await place.send(story.phone)

    assert answer.status_code == status
    assert body in answer.text
    assert await accepted(place) == count


async def test_throttling_tells_when_to_come_back(place: Place) -> None:
    answer = await place.send(Story.THROTTLED.phone)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["is_transient"] is True


async def test_latency_delays_answers(place: Place) -> None:
    await place.control.settings(latency=30)

    with pytest.raises(httpx.ReadTimeout):
        await place.graph.get("/106540352242922", timeout=httpx.Timeout(60, read=0.2))


async def test_a_sandbox_ends_although_a_request_waits(place: Place) -> None:
    """The fixture's end would hang or fail if it did not."""
    await send_in_vain(place)
