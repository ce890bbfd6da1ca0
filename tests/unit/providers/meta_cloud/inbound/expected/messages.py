"""The events that the fixtures mean. What is sent: texts, files, places, people, reactions."""

from __future__ import annotations

from datetime import date

from blazz.addresses import Phone
from blazz.events import (
    AudioReceived,
    ContactsReceived,
    DocumentReceived,
    Event,
    ImageReceived,
    LocationReceived,
    ReactionReceived,
    Referral,
    ReferredProduct,
    SharedAddress,
    SharedContact,
    SharedLink,
    SharedPhone,
    StickerReceived,
    TextReceived,
    VideoReceived,
    VoiceReceived,
)
from tests.unit.providers.meta_cloud.inbound.people import (
    BUDI,
    BUDI_UNNAMED,
    GROUP,
    HIDDEN,
    NUMBER,
    SARI,
    SHOP,
    at,
)

EXPECTED: dict[str, list[Event]] = {
    "messages/audio": [
        AudioReceived(
            key=f"message:{NUMBER}:wamid.AUDIO=",
            at=at(),
            account=NUMBER,
            message_id="wamid.AUDIO=",
            sender=SARI,
            media_id="440000000000003",
            mime_type="audio/mpeg",
            sha256="c2hhMjU2LWF1ZGlv",
        ),
    ],
    "messages/contacts": [
        ContactsReceived(
            key=f"message:{NUMBER}:wamid.CONTACTS=",
            at=at(),
            account=NUMBER,
            message_id="wamid.CONTACTS=",
            sender=SARI,
            contacts=(
                SharedContact(
                    name="Dr. Agus Salim Jr.",
                    first_name="Agus",
                    last_name="Salim",
                    middle_name="B",
                    prefix="Dr.",
                    suffix="Jr.",
                    phones=(
                        SharedPhone(
                            number="+62 811-0000-0001", phone=Phone("+6281100000001"), type="CELL"
                        ),
                        SharedPhone(number="021 555", type="WORK"),
                    ),
                    emails=(SharedLink(value="agus@klinik.example", type="WORK"),),
                    urls=(SharedLink(value="https://klinik.example", type="WORK"),),
                    addresses=(
                        SharedAddress(
                            street="Jalan Melati 1",
                            city="Bandung",
                            state="Jawa Barat",
                            postal_code="40111",
                            country="Indonesia",
                            country_code="ID",
                            type="WORK",
                        ),
                    ),
                    company="Klinik Sehat",
                    department="Gigi",
                    title="Dokter",
                    birthday=date(1980, 2, 29),
                ),
            ),
        ),
    ],
    "messages/contacts_on_request": [
        ContactsReceived(
            key=f"message:{NUMBER}:wamid.CONTACTS_ON_REQUEST=",
            at=at(),
            account=NUMBER,
            message_id="wamid.CONTACTS_ON_REQUEST=",
            sender=HIDDEN,
            contacts=(
                SharedContact(
                    phones=(SharedPhone(number="+6281234500003"),),
                    vcard="BEGIN:VCARD\nEND:VCARD",
                    origin="contact_request",
                ),
            ),
        ),
    ],
    "messages/document": [
        DocumentReceived(
            key=f"message:{NUMBER}:wamid.DOCUMENT=",
            at=at(),
            account=NUMBER,
            message_id="wamid.DOCUMENT=",
            sender=SARI,
            media_id="440000000000005",
            mime_type="application/pdf",
            sha256="c2hhMjU2LWRvYw==",
            caption="Faktur",
            filename="faktur-11.pdf",
        ),
    ],
    "messages/image": [
        ImageReceived(
            key=f"message:{NUMBER}:wamid.IMAGE=",
            at=at(),
            account=NUMBER,
            message_id="wamid.IMAGE=",
            sender=SARI,
            media_id="440000000000001",
            mime_type="image/jpeg",
            sha256="c2hhMjU2LWltYWdl",
            caption="Bukti transfer",
            url="https://lookaside.example/media?id=440000000000001",
        ),
    ],
    "messages/location": [
        LocationReceived(
            key=f"message:{NUMBER}:wamid.LOCATION=",
            at=at(),
            account=NUMBER,
            message_id="wamid.LOCATION=",
            sender=SARI,
            latitude=-6.1754,
            longitude=106.8272,
            name="Monas",
            street="Jalan Medan Merdeka",
            url="https://maps.example/monas",
        ),
    ],
    "messages/reaction": [
        ReactionReceived(
            key=f"message:{NUMBER}:wamid.REACTION=",
            at=at(),
            account=NUMBER,
            message_id="wamid.REACTION=",
            sender=SARI,
            reacted_to="wamid.LIKED=",
            emoji="👍",
        ),
    ],
    "messages/reaction_removed": [
        ReactionReceived(
            key=f"message:{NUMBER}:wamid.REACTION_REMOVED=",
            at=at(),
            account=NUMBER,
            message_id="wamid.REACTION_REMOVED=",
            sender=SARI,
            reacted_to="wamid.LIKED=",
        ),
    ],
    "messages/sticker": [
        StickerReceived(
            key=f"message:{NUMBER}:wamid.STICKER=",
            at=at(),
            account=NUMBER,
            message_id="wamid.STICKER=",
            sender=SARI,
            media_id="440000000000006",
            mime_type="image/webp",
            sha256="c2hhMjU2LXN0aWNrZXI=",
            animated=True,
        ),
    ],
    "messages/text": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            body="Halo, apakah toko buka hari Minggu? 🙂",
        ),
    ],
    "messages/text_about_product": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_ABOUT_PRODUCT=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_ABOUT_PRODUCT=",
            sender=SARI,
            reply_to="wamid.CATALOG=",
            reply_to_sender=SHOP,
            referred_product=ReferredProduct(
                catalog_id="330000000000003", product_id="kopi-aceh-250"
            ),
            body="Masih ada?",
        ),
    ],
    "messages/text_forwarded": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_FORWARDED=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_FORWARDED=",
            sender=SARI,
            forwarded=True,
            body="Teruskan ke teman",
        ),
    ],
    "messages/text_frequently_forwarded": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_FREQUENTLY_FORWARDED=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_FREQUENTLY_FORWARDED=",
            sender=SARI,
            forwarded=True,
            frequently_forwarded=True,
            body="Kabar burung",
        ),
    ],
    "messages/text_from_ad": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_FROM_AD=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_FROM_AD=",
            sender=SARI,
            referral=Referral(
                source_url="https://fb.example/iklan",
                source_id="120000000000001",
                source_type="ad",
                headline="Kopi baru",
                body="Panen tahun ini",
                media_type="video",
                video_url="https://cdn.example/v.mp4",
                thumbnail_url="https://cdn.example/t.jpg",
                click_id="AbCd-EfGh",
                welcome_text="Ada yang bisa kami bantu?",
                ref="urutan-1",
            ),
            body="Saya lihat iklannya",
        ),
    ],
    "messages/text_in_group": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_IN_GROUP=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_IN_GROUP=",
            sender=SARI,
            chat=GROUP,
            body="Halo semua",
        ),
    ],
    "messages/text_with_identity_hash": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_WITH_IDENTITY_HASH=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_WITH_IDENTITY_HASH=",
            sender=SARI,
            identity_key_hash="aGFzaA==",
            body="Aman",
        ),
    ],
    "messages/text_without_contacts": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_WITHOUT_CONTACTS=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_WITHOUT_CONTACTS=",
            sender=BUDI_UNNAMED,
            body="Siapa saya?",
        ),
    ],
    "messages/text_without_number": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_WITHOUT_NUMBER=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_WITHOUT_NUMBER=",
            sender=HIDDEN,
            body="Nomor saya tersembunyi",
        ),
    ],
    "messages/text_without_user_id": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.TEXT_WITHOUT_USER_ID=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEXT_WITHOUT_USER_ID=",
            sender=BUDI,
            body="Selamat pagi",
        ),
    ],
    "messages/video": [
        VideoReceived(
            key=f"message:{NUMBER}:wamid.VIDEO=",
            at=at(),
            account=NUMBER,
            message_id="wamid.VIDEO=",
            sender=SARI,
            media_id="440000000000002",
            mime_type="video/mp4",
            sha256="c2hhMjU2LXZpZGVv",
            caption="Lihat ini",
        ),
    ],
    "messages/voice": [
        VoiceReceived(
            key=f"message:{NUMBER}:wamid.VOICE=",
            at=at(),
            account=NUMBER,
            message_id="wamid.VOICE=",
            sender=SARI,
            media_id="440000000000004",
            mime_type="audio/ogg; codecs=opus",
            sha256="c2hhMjU2LXZvaWNl",
        ),
    ],
}
