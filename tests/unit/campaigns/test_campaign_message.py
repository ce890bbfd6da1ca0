"""What somebody was sent is found again by the token of the message."""

from __future__ import annotations

from blazz.campaigns.campaign_message import CampaignMessage, find_messages
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.tokens import TokenSigner
from blazz.messages import Text
from tests.unit.campaigns.senders import FakeSender, a_campaign, people, run


async def test_messages_are_found_by_their_tokens(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(3))
    await run(campaign)
    signer = TokenSigner(await ledger.key())
    workspace = campaign.spec.workspace

    sent = {token: (address, message) for address, message, token in sender.sent}
    found = await find_messages(ledger, signer, [*sent, "v1.-.another"], workspace=workspace)

    assert len(sent) == 3
    assert found == {
        token: CampaignMessage(campaign=campaign.id, to=address, message=message)
        for token, (address, message) in sent.items()
    }
    assert all(isinstance(it.message, Text) for it in found.values())


async def test_others_and_forged_tokens_are_left_out(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(1))
    await run(campaign)
    signer = TokenSigner(await ledger.key())
    ((_, _, token),) = sender.sent
    workspace = campaign.spec.workspace

    forged = f"{token[:-1]}{'0' if token[-1] != '0' else '1'}"
    beyond = [signer.sign(1, 2, 1), signer.sign(99, 1, 1)]
    assert await find_messages(ledger, signer, [forged, *beyond], workspace=workspace) == {}
    assert await find_messages(ledger, signer, [token], workspace="somebody-else") == {}
