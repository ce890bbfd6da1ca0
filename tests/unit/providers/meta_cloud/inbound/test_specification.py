"""The fixtures are what Meta describes, and what Meta gives as examples is understood.

Meta's description may lie beside the repository; without it these tests still parse the fixtures.
"""

from __future__ import annotations

import json

import pytest

from blazz.events import UnknownUpdate, UnsupportedReceived
from blazz.providers.meta_cloud.inbound import parse
from tests.unit.providers.meta_cloud.inbound.fixtures import NAMES, body
from tests.unit.sandbox.judging import webhook_examples, webhook_reasons

# What the description, which is of v23.0, does not know or has wrong: it refuses Meta's own
# examples of groups, contacts, locations and unsupported messages.
BEYOND = {
    "messages/address_reply",
    "messages/call_permission_refused",
    "messages/call_permission_reply",
    "messages/contacts",
    "messages/contacts_on_request",
    "messages/conversation_context",
    "messages/edit",
    "messages/errors",
    "messages/flow_reply",
    "messages/identity_changed",
    "messages/location",
    "messages/number_changed_with_user_id",
    "messages/order",
    "messages/payment_method",
    "messages/revoke",
    "messages/sticker",
    "messages/text_without_contacts",
    "messages/unknown_type",
    "messages/unsupported",
    "messages/user_actions",
    "messages/user_id_changed",
    "statuses/payment",
    "statuses/payment_refunded",
}
KNOWN = [name for name in NAMES if name.split("/")[0] in ("messages", "statuses")]


@pytest.mark.parametrize("name", [name for name in KNOWN if name not in BEYOND])
def test_a_fixture_is_what_meta_describes(name: str) -> None:
    document = json.loads(body(name))

    assert webhook_reasons(document) == []
    assert parse(body(name))


def test_meta_s_examples_are_understood() -> None:
    examples = webhook_examples()
    assert len(examples) in (0, 16)
    for name, example in examples.items():
        updates = parse(json.dumps(example).encode())
        events = [update.event() for update in updates]

        assert len(events) == 1, name
        assert not isinstance(events[0], UnknownUpdate), name
        assert isinstance(events[0], UnsupportedReceived) == (name == "Unsupported Message"), name
