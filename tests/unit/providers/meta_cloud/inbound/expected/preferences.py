"""The events that the fixtures mean. Preferences and user ids."""

from __future__ import annotations

from blazz.addresses import Identity, Phone, UserId
from blazz.events import Event, MarketingResumed, MarketingStopped, PreferenceChanged, UserIdChanged
from tests.unit.providers.meta_cloud.inbound.people import NUMBER, SARI, at

EXPECTED: dict[str, list[Event]] = {
    "preferences/other": [
        PreferenceChanged(
            key=f"user_preferences:{NUMBER}:7d35deaf2c9fd226bc4ab2abfa3b26f78c9b5f62",
            at=at(),
            account=NUMBER,
            person=SARI,
            category="newsletter",
            value="weekly",
            detail="Pilihan pelanggan",
        ),
    ],
    "preferences/resume": [
        MarketingResumed(
            key=f"user_preferences:{NUMBER}:c115c5c3a6e15fcdfd56e962a85bce13246ac72f",
            at=at(),
            account=NUMBER,
            person=SARI,
            category="marketing_messages",
            value="resume",
            detail="Pilihan pelanggan",
        ),
    ],
    "preferences/signup": [
        MarketingResumed(
            key=f"user_preferences:{NUMBER}:ba1960c09d0661ff285f3ce92360af4cdab43469",
            at=at(),
            account=NUMBER,
            person=SARI,
            category="marketing_messages",
            value="signup",
            detail="Pilihan pelanggan",
            signup_id="daftar-1",
        ),
    ],
    "preferences/stop": [
        MarketingStopped(
            key=f"user_preferences:{NUMBER}:c42d1043b1ad99b53a458715962db9d0c8c23873",
            at=at(),
            account=NUMBER,
            person=SARI,
            category="marketing_messages",
            value="stop",
            detail="Pilihan pelanggan",
        ),
    ],
    "preferences/user_id_update": [
        UserIdChanged(
            key=f"user_id_update:{NUMBER}:6aa68c9eeb8772d42b15b2d62d9e4fe3469fb474",
            at=at(),
            account=NUMBER,
            person=SARI,
            now=Identity(
                phone=Phone("+6281234500001"),
                user_id=UserId("ID.40000000000000000077"),
                parent_user_id=UserId("ID.ENT.50000000000000000077"),
                username="sari.dewi",
                name="Sari Dewi",
            ),
            body="User id updated",
        ),
    ],
}
