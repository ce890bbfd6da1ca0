"""Other credentials of the same number, while it is connected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blazz.errors import InvalidValue
from blazz.providers.base import Capability
from blazz.providers.meta_cloud import MetaCloud
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz.security.secret import Secret

NUMBER, WABA = "106540352242922", "102290129340398"


async def test_they_are_taken_as_a_whole_or_not_at_all() -> None:
    cloud = MetaCloud(NUMBER, "T1", app_secret="former secret", waba_id=WABA)
    other = CloudCredentials(
        phone_number_id=NUMBER, waba_id=WABA, token="T2", verify_token="words",
        app_secrets=("new secret", "former secret"),
    )  # fmt: skip
    async with cloud:
        cloud.renew(other.to_secrets())
        assert cloud.webhooks is not None
        assert cloud.webhooks.secrets == ("new secret", "former secret")
        assert cloud.verify_token == Secret("words")
        assert Capability.STATUS_WEBHOOKS in cloud.capabilities

        with pytest.raises(InvalidValue, match=f"those of {NUMBER}"):
            cloud.renew(replace(other, phone_number_id="15550001111", token="T3").to_secrets())
        assert cloud._token == Secret("T2")

        cloud.renew(replace(other, app_secrets=()).to_secrets())
        assert cloud.webhooks is None
        assert Capability.STATUS_WEBHOOKS not in cloud.capabilities
