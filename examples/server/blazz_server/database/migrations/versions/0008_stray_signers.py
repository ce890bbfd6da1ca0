"""Finds what one secret has signed among the webhooks that nobody wanted."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables fit."""
    op.create_index(op.f("ix_stray_updates_signer"), "stray_updates", ["signer"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_stray_updates_signer"), table_name="stray_updates")
