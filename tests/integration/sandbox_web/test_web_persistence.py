"""What the browser profile holds: a restored one is logged in, a lost or torn one is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.sandbox_web.conftest import OpenProfile
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODIES = "WPP.chat.getMessages(a, {count: -1}).then((all) => all.map((it) => it.body))"
NEEDED = ("Default/IndexedDB", "Default/Local Storage")


@pytest.fixture(autouse=True)
def fresh(web: SimulatedWeb) -> None:
    """Every test begins with nobody linked."""
    web.world.reset()


async def test_a_restored_profile_is_logged_in_and_gets_what_it_missed(
    web: SimulatedWeb,
    profile: OpenProfile,
    tmp_path: Path,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    original, restored = tmp_path / "original", tmp_path / "restored"
    async with profile(original) as context:
        tab = await Tab.open(context, web)
        await tab.link(shop)
        budi.send_text(shop.number, "before")
        await tab.event("chat.new_message")
        await tab.run("WPP.chat.sendTextMessage(a, 'answer')", budi.jid)
    for folder in NEEDED:
        shutil.copytree(original / folder, restored / folder)
    for number in range(150):
        budi.send_text(shop.number, f"away {number}")

    async with profile(restored) as context:
        tab = await Tab.open(context, web)
        await tab.until_main()
        expected = ["before", "answer", *(f"away {number}" for number in range(150))]
        (device,) = shop.devices
        await web.wait_until(lambda: device.waiting == 0)
        assert await tab.run(BODIES, budi.jid) == expected
        assert await tab.run("WPP.chat.get(a).unreadCount", budi.jid) == 150
        assert tab.values("conn.authenticated") == []
        sent = await tab.run("WPP.chat.sendTextMessage(a, 'back')", budi.jid)
        assert budi.message(sent["id"]).text == "back"
        assert device.rollbacks == 0


async def test_an_old_copy_is_noticed(
    web: SimulatedWeb,
    profile: OpenProfile,
    tmp_path: Path,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    async with profile(live) as context:
        await (await Tab.open(context, web)).link(shop)
    for folder in NEEDED:
        shutil.copytree(live / folder, copy / folder)
    async with profile(live) as context:
        tab = await Tab.open(context, web)
        await tab.until_main()
        budi.send_text(shop.number, "after the copy")
        await tab.event("chat.new_message")
        (device,) = shop.devices
        await web.wait_until(lambda: device.waiting == 0)
    async with profile(copy) as context:
        await (await Tab.open(context, web)).until_main()
        assert device.rollbacks == 1


async def test_a_profile_that_lost_a_part_is_not_logged_in(
    web: SimulatedWeb, profile: OpenProfile, tmp_path: Path, shop: SimulatedPhone
) -> None:
    whole = tmp_path / "whole"
    async with profile(whole) as context:
        await (await Tab.open(context, web)).link(shop)
    for number, lost in enumerate([*NEEDED, "Default"]):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(whole, copy, symlinks=True)
        shutil.rmtree(copy / lost)
        async with profile(copy) as context:
            tab = await Tab.open(context, web)
            await tab.until("WPP.conn.getAuthCode()")
            assert not await tab.run("WPP.conn.isAuthenticated()"), lost


async def test_a_profile_whose_databases_disagree_is_not_logged_in(
    web: SimulatedWeb, profile: OpenProfile, tmp_path: Path, shop: SimulatedPhone
) -> None:
    ratchet_back = """new Promise((resolve) => {
      indexedDB.open('signal-storage').onsuccess = ({ target }) => {
        const transaction = target.result.transaction('signal', 'readwrite');
        transaction.objectStore('signal').put(-1, 'received');
        transaction.oncomplete = resolve;
      };
    })"""
    async with profile(tmp_path) as context:
        tab = await Tab.open(context, web)
        await tab.link(shop)
        await tab.run(f"{ratchet_back}.then(() => 0)")
        await tab.page.reload()
        await tab.listen()
        await tab.until("WPP.conn.getAuthCode()")
        assert not await tab.run("WPP.conn.isAuthenticated()")


async def test_the_key_cannot_be_exported(
    web: SimulatedWeb, profile: OpenProfile, tmp_path: Path, shop: SimulatedPhone
) -> None:
    read_key = """new Promise((resolve) => {
      indexedDB.open('signal-storage').onsuccess = ({ target }) => {
        target.result.transaction('signal').objectStore('signal').get('key').onsuccess = (event) =>
          resolve([event.target.result.constructor.name, event.target.result.extractable]);
      };
    })"""
    async with profile(tmp_path) as context:
        tab = await Tab.open(context, web)
        await tab.link(shop)
        assert await tab.run(read_key) == ["CryptoKey", False]


async def test_a_message_that_was_not_accepted_before_a_kill_leaves_once_afterwards(
    web: SimulatedWeb,
    profile: OpenProfile,
    tmp_path: Path,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    async with profile(tmp_path) as context:
        tab = await Tab.open(context, web)
        await tab.link(shop)
        await tab.run("WPP.chat.sendTextMessage(a, 'first')", budi.jid)
        web.configure(answers="none")
        await tab.run("WPP.chat.sendTextMessage(a, 'second', {waitForAck: false})", budi.jid)
        await tab.page.wait_for_function(
            """async () => new Promise((resolve) => {
              indexedDB.open('model-storage').onsuccess = ({ target }) => {
                target.result.transaction('message').objectStore('message').index('unsent').count()
                  .onsuccess = (event) => resolve(event.target.result === 1);
              };
            })"""
        )
    assert [it.text for it in budi.messages(shop.number)] == ["first"]
    web.configure(answers="given")
    async with profile(tmp_path) as context:
        tab = await Tab.open(context, web)
        await tab.until_main()
        await budi.wait_for_message(shop.number, lambda it: it.text == "second")
        assert [it.text for it in budi.messages(shop.number)] == ["first", "second"]
