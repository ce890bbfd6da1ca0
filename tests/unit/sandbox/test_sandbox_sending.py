"""What becomes of messages: refusals, stories, limits, the window, and what the log says."""

from __future__ import annotations

import json

import pytest

from blazz.sandbox import actions
from blazz.sandbox.graph_errors import FAULTS, Refusal
from blazz.sandbox.identifiers import user_id
from blazz.sandbox.magic import Story, failing_number, refusing_number
from blazz.sandbox.sending import Ending
from blazz.sandbox.timeline import is_accepted
from tests.unit.sandbox.conftest import MakeTown
from tests.unit.sandbox.worlds import BUDI, Town, template_body, text_body

WABA = "102290129340398"


def refused(town: Town, body: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        town.send(body)
    return caught.value


def names(town: Town) -> list[str]:
    return [status["status"] for status in town.statuses()]


def test_an_ordinary_message_is_logged_and_read(town: Town) -> None:
    sent = town.text(biz_opaque_callback_data="v1.c.1")

    (line,) = town.log.read()
    entry = json.loads(line)
    assert (entry["seq"], entry["to"], entry["id"]) == (1, BUDI, sent)
    assert entry["token"] == "v1.c.1"
    assert entry["body"]["text"]["body"] == "hi"
    statuses = town.statuses()
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {status["id"] for status in statuses} == {sent}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"v1.c.1"}
    assert {status["recipient_id"] for status in statuses} == {"6281234567890"}


@pytest.mark.parametrize("code", FAULTS)
def test_magic_numbers_refuse_and_leave_nothing_behind(town: Town, code: int) -> None:
    refusal = refused(town, text_body(refusing_number(code)))

    assert refusal.code == code
    assert refusal.status == FAULTS[code].status
    assert town.log.count == 0
    assert town.statuses() == []


@pytest.mark.parametrize("code", [code for code in FAULTS if failing_number(code)])
def test_magic_numbers_fail_after_they_were_accepted(town: Town, code: int) -> None:
    sent = town.text(failing_number(code))

    (status,) = town.statuses()
    assert (status["id"], status["status"]) == (sent, "failed")
    assert status["errors"][0]["code"] == code
    assert "pricing" not in status


STATUSES = {
    Story.DELIVERED: ["sent", "delivered"],
    Story.SENT: ["sent"],
    Story.READ_AT_ONCE: ["sent", "read"],
    Story.REORDERED: ["read", "delivered", "sent"],
    Story.DUPLICATED: ["sent", "sent", "delivered", "delivered", "read", "read"],
    Story.HELD_AND_DROPPED: ["failed"],
    Story.FAILED_AFTER_SENT: ["sent", "failed"],
    Story.FAILED_THEN_DELIVERED: ["sent", "failed", "delivered"],
    Story.OPTED_OUT: ["failed"],
    Story.NO_STATUS: [],
    Story.CLOSED: [],
    Story.BAD_GATEWAY: [],
    Story.UNAVAILABLE: [],
    Story.CAPTIVE_PORTAL: [],
}
REFUSED_FIRST = {Story.THROTTLED: 130429, Story.PAIR_LIMITED: 131056}


@pytest.mark.parametrize("story", [story for story in Story if story not in REFUSED_FIRST])
def test_every_story_has_its_statuses_and_its_place_in_the_log(town: Town, story: Story) -> None:
    outcome = town.send(text_body(story.phone))

    assert town.log.count == int(is_accepted(story))
    assert bool(outcome.body) == is_accepted(story)
    assert names(town) == STATUSES.get(story, ["sent", "delivered", "read"])


@pytest.mark.parametrize(("story", "code"), REFUSED_FIRST.items())
def test_some_stories_refuse_twice_and_then_accept(town: Town, story: Story, code: int) -> None:
    first, second = (refused(town, text_body(story.phone)) for _ in range(2))
    assert {first.code, second.code} == {code}
    assert first.retry_after == (1 if code == 130429 else None)

    assert town.send(text_body(story.phone)).body
    assert town.log.count == 1
    assert refused(town, text_body(story.phone)).code == code


def test_endings_leave_doubt(town: Town) -> None:
    endings = {story: town.send(text_body(story.phone)).ending for story in STATUSES}

    assert endings[Story.CLOSED] is Ending.CLOSED
    assert endings[Story.BAD_GATEWAY] is Ending.BAD_GATEWAY
    assert endings[Story.DELIVERED] is Ending.WHOLE
    assert town.send(text_body(Story.SLOW.phone)).pause == town.settings.slow_answer


def test_a_held_message_says_so(town: Town) -> None:
    outcome = town.send(text_body(Story.HELD.phone))

    assert outcome.body["messages"][0]["message_status"] == "held_for_quality_assessment"
    started = town.clock.now()
    assert int(town.statuses()[0]["timestamp"]) >= int(started + town.settings.held_for)


def test_a_voice_message_is_played(town: Town) -> None:
    voice = {"type": "audio", "audio": {"id": "1", "voice": True}, "text": None}
    town.send(text_body(Story.PLAYED.phone, **voice))
    assert names(town) == ["sent", "delivered", "read", "played"]

    town.text(Story.PLAYED.phone)
    assert names(town) == ["sent", "delivered", "read"]


def test_some_users_answer(town: Town) -> None:
    town.text(Story.ECHO.phone, "marco")
    town.text(Story.SAYS_STOP.phone)

    said = [
        message["text"]["body"]
        for change in town.changes()
        for message in change["value"].get("messages", [])
    ]
    assert said == ["marco", "STOP"]


def test_throughput_is_limited_by_number(make_town: MakeTown) -> None:
    town = make_town(throughput=5)
    for place in range(5):
        town.text(f"+62812345678{place:02d}")

    assert refused(town, text_body()).code == 130429
    assert town.log.count == 5
    town.clock.advance(0.2)
    assert town.text()


def test_received_messages_use_up_throughput(make_town: MakeTown) -> None:
    town = make_town(throughput=2)
    content = {"type": "text", "text": {"body": "hi"}}
    actions.write(town, town.number, "6281234567890", content)
    town.text()

    assert refused(town, text_body()).code == 130429


def test_pairs_are_limited(make_town: MakeTown) -> None:
    town = make_town(throughput=None)
    for _ in range(45):
        town.text()

    refusal = refused(town, text_body())
    assert (refusal.code, refusal.status) == (131056, 429)
    assert town.text("+6281234567891")
    town.clock.advance(6)
    assert town.text()

    free = make_town(throughput=None, pair_limit=False)
    for _ in range(100):
        free.text()


def test_the_window(make_town: MakeTown) -> None:
    town = make_town(window="refuse")
    assert refused(town, text_body()).code == 131047
    assert town.send(template_body()).body

    content = {"type": "text", "text": {"body": "hi"}}
    actions.write(town, town.number, "6281234567890", content)
    assert town.text()
    town.clock.advance(86_400)
    assert refused(town, text_body()).code == 131047


def test_the_window_as_meta_has_it(make_town: MakeTown) -> None:
    town = make_town(window="fail")
    town.text()

    (status,) = town.statuses()
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


def test_what_is_free_inside_the_window(town: Town) -> None:
    utility = template_body(name="hello_world", language="en_US", parameters=())
    town.send(utility)
    assert town.statuses()[0]["pricing"] == {
        "billable": True,
        "pricing_model": "PMP",
        "type": "regular",
        "category": "utility",
    }

    content = {"type": "text", "text": {"body": "hi"}}
    actions.write(town, town.number, "6281234567890", content)
    town.send(utility)
    town.send(template_body())
    town.text()
    prices = {
        status["pricing"]["category"]: status["pricing"]["billable"]
        for status in town.statuses()
        if "pricing" in status
    }
    assert prices == {"utility": False, "marketing": True, "service": False}


def test_the_price_is_told_with_sent_and_delivered_or_the_read_in_its_place(town: Town) -> None:
    town.text()
    town.text(Story.READ_AT_ONCE.phone)

    priced = [(it["status"], "pricing" in it) for it in town.statuses()]
    assert sorted(priced) == sorted(
        [("sent", True), ("delivered", True), ("read", False), ("sent", True), ("read", True)]
    )


def test_only_allowed_recipients(make_town: MakeTown) -> None:
    town = make_town(allowed_recipients=["+62 812-3456-7890"])

    assert town.text()
    assert refused(town, text_body("+6281234567891")).code == 131030


def test_a_number_cannot_write_to_itself(town: Town) -> None:
    assert refused(town, text_body(town.number.display)).code == 131021


def test_a_user_id_reaches_the_same_user(town: Town) -> None:
    scoped = user_id("6281234567890", country="ID", scope=WABA)

    outcome = town.send(text_body(to=None, recipient=scoped))

    assert outcome.body["contacts"] == [{"input": scoped, "user_id": scoped}]
    town.text()
    assert town.log.counts() == {BUDI: 2}
    assert {status["recipient_user_id"] for status in town.statuses()} == {scoped}


def test_a_foreign_user_id_is_taken_as_it_is(town: Town) -> None:
    town.send(text_body(to=None, recipient="US.13491208655302741918"))

    assert town.log.counts() == {"US.13491208655302741918": 1}
    values = [change["value"] for change in town.changes()]
    assert len(values) == 3
    assert all("recipient_id" not in value["statuses"][0] for value in values)
    assert {value["contacts"][0]["user_id"] for value in values} == {"US.13491208655302741918"}


def test_who_opted_out_gets_no_marketing(town: Town) -> None:
    actions.set_marketing(town, town.number, "6281234567890", stop=True)
    town.send(template_body())
    town.text()

    found = town.statuses()
    assert [it["errors"][0]["code"] for it in found if it["status"] == "failed"] == [131050]
    assert [it["status"] for it in found if it["status"] != "failed"] == [
        "sent",
        "delivered",
        "read",
    ]


def test_who_blocked_the_business_is_not_reached(town: Town) -> None:
    town.users.touch("6281234567890").blocks.add(town.number.id)
    town.text()

    assert names(town) == ["sent"]


def test_a_user_has_a_story_of_their_own(town: Town) -> None:
    town.users.touch("6281234567890").story = Story.DELIVERED
    town.text()

    assert names(town) == ["sent", "delivered"]


def test_faults_befall_their_share_and_the_same_every_time(make_town: MakeTown) -> None:
    def endings() -> list[Ending]:
        town = make_town(throughput=None, faults={"closed": 0.3, "bad_gateway": 0.2}, seed=7)
        return [town.send(text_body(f"+62812{n:08d}")).ending for n in range(500)]

    first, second = endings(), endings()

    assert first == second
    assert 100 < first.count(Ending.CLOSED) < 200
    assert 60 < first.count(Ending.BAD_GATEWAY) < 140


def test_marking_as_read_shows_typing_for_25_seconds(town: Town) -> None:
    content = {"type": "text", "text": {"body": "hi"}}
    wrote = actions.write(town, town.number, "6281234567890", content)
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": wrote}

    outcome = town.send({**read, "typing_indicator": {"type": "text"}})

    assert outcome.body == {"success": True}
    user = town.users.get("6281234567890").as_json(town.clock.now())
    assert (user["marked_as_read"], user["sees_typing"]) == ([wrote], True)
    assert not town.users.get("6281234567890").as_json(town.clock.now() + 26)["sees_typing"]
    assert town.log.count == 0


def test_a_reset_forgets_messages_and_users_but_not_settings(make_town: MakeTown) -> None:
    town = make_town(throughput=5)
    first = town.text()
    town.users.touch("6281234567890").story = Story.SENT
    town.reset()

    assert town.log.count == 0
    assert town.statuses() == []
    assert town.settings.throughput == 5
    assert town.text() != first
    assert names(town) == ["sent", "delivered", "read"]


def test_without_a_subscription_webhooks_are_dropped_and_counted(town: Town) -> None:
    town.subscribe("", None)
    town.text()

    assert town.changes() == []
    assert town.post_office.counts.dropped == 3


@pytest.mark.parametrize("kind", ["text", "template"])
def test_marketing_messages_api_takes_marketing_templates_only(town: Town, kind: str) -> None:
    from blazz.sandbox.sending import handle

    body = text_body() if kind == "text" else template_body()
    if kind == "text":
        with pytest.raises(Refusal) as caught:
            handle(town, town.number, body, marketing_only=True)
        assert caught.value.code == 134100
    else:
        assert handle(town, town.number, body, marketing_only=True).body
