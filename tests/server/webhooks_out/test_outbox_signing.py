"""What subscribers are sent is signed, and secrets are sealed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import WrongKey
from blazz.security.keyring import KeyRing
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.signing import NotAuthentic, new_secret, sign, verify

NOW = 1_800_000_000.0


@given(st.binary(max_size=100), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_every_secret_that_holds_verifies(body: bytes, keys: list[str]) -> None:
    header = sign(keys, body, now=NOW)

    for key in keys:
        verify(key, header, body, now=NOW)


def test_what_is_altered_old_or_signed_by_others_is_refused() -> None:
    key = new_secret()
    header = sign([key], b"{}", now=NOW)
    later = header.replace(f"t={NOW:.0f}", f"t={NOW + 600:.0f}")

    for given_key, given_header, body, now in [
        (new_secret(), header, b"{}", NOW),
        (key, header, b"{} ", NOW),
        (key, header, b"{}", NOW + 301),
        (key, header, b"{}", NOW - 301),
        (key, later, b"{}", NOW + 600),
        (key, "", b"{}", NOW),
        (key, "t=1,t=2,v1=00", b"{}", NOW),
        (key, f"t={NOW:.0f}", b"{}", NOW),
        (key, "t=abc,v1=ä", b"{}", NOW),
    ]:
        with pytest.raises(NotAuthentic):
            verify(given_key, given_header, body, now=now)


def test_a_sealed_secret_is_opened_by_old_keys_and_for_its_owner_alone() -> None:
    ring = KeyRing.generate("first")
    sealed = SecretBox(ring).seal("whsec_1", owner="sub_1")

    assert "whsec_1" not in sealed
    assert SecretBox(ring.rotated("second")).open(sealed, owner="sub_1") == "whsec_1"
    with pytest.raises(WrongKey):
        SecretBox(ring).open(sealed, owner="sub_2")
    with pytest.raises(WrongKey):
        SecretBox(KeyRing.generate("other")).open(sealed, owner="sub_1")
