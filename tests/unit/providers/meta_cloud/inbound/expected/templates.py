"""The events that the fixtures mean. Templates."""

from __future__ import annotations

from blazz.events import (
    Event,
    TemplateButton,
    TemplateCategoryChanged,
    TemplateCategoryDisputed,
    TemplateComponentsChanged,
    TemplateQualityChanged,
    TemplateStatusChanged,
)
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, at

EXPECTED: dict[str, list[Event]] = {
    "templates/approved": [
        TemplateStatusChanged(
            key=f"message_template_status_update:{ACCOUNT}:3ca78ef12cb5e70433df3b728c67768b4c060f13",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            status="APPROVED",
            category="MARKETING",
        ),
    ],
    "templates/category_changed": [
        TemplateCategoryChanged(
            key=f"template_category_update:{ACCOUNT}:72c79ad9eeb47ca20ab46e52159a6b36c49e8f6a",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            category="MARKETING",
            previous="UTILITY",
        ),
    ],
    "templates/category_disputed": [
        TemplateCategoryDisputed(
            key=f"template_correct_category_detection:{ACCOUNT}:83df478bcf89a8864992d97541daa755927af432",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            category="UTILITY",
            detected="MARKETING",
        ),
    ],
    "templates/category_upcoming": [
        TemplateCategoryChanged(
            key=f"template_category_update:{ACCOUNT}:b31547b602ee392347c3b122df01029018c171e5",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            category="UTILITY",
            upcoming="MARKETING",
            changes_at=at(86400),
        ),
    ],
    "templates/components": [
        TemplateComponentsChanged(
            key=f"message_template_components_update:{ACCOUNT}:fca09dbab60ab92f5f1c9c3dd510645a7fad6490",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            body="Halo {{1}}",
            header="Promo",
            footer="Ketik STOP",
            buttons=(
                TemplateButton(type="URL", text="Beli", url="https://toko.example/{{1}}"),
                TemplateButton(type="PHONE_NUMBER", text="Telepon", phone="+6281200000000"),
            ),
        ),
    ],
    "templates/disabled": [
        TemplateStatusChanged(
            key=f"message_template_status_update:{ACCOUNT}:0922d58268c199688cc9f954af6fbe43bfa50c07",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            status="DISABLED",
            disabled_at=at(-5),
        ),
    ],
    "templates/paused": [
        TemplateStatusChanged(
            key=f"message_template_status_update:{ACCOUNT}:4400862a4b3e2e9f7d15368094c40d0420c48b54",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            status="PAUSED",
            title="FIRST_PAUSE",
            description="Paused for 3 hours",
        ),
    ],
    "templates/quality": [
        TemplateQualityChanged(
            key=f"message_template_quality_update:{ACCOUNT}:a7436d6ef340eeaccb3fb6765be46959cccca775",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            score="YELLOW",
            previous="GREEN",
        ),
    ],
    "templates/rejected": [
        TemplateStatusChanged(
            key=f"message_template_status_update:{ACCOUNT}:0eff3c22eea9ff9200ad6f8755c62a019c14422c",
            at=at(),
            account=ACCOUNT,
            template_id="550000000000005",
            name="promo_akhir_tahun",
            language="id",
            status="REJECTED",
            reason="INVALID_FORMAT",
            category="UTILITY",
            description="A parameter is at the end",
            recommendation="Add text after it",
        ),
    ],
}
