"""Webhooks in that nobody wanted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables fit."""
    op.create_table(
        "stray_updates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=True),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_updates")),
    )
    op.create_index(op.f("ix_stray_updates_account"), "stray_updates", ["account"], unique=False)
    op.create_index(
        op.f("ix_stray_updates_received_at"), "stray_updates", ["received_at"], unique=False
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_stray_updates_received_at"), table_name="stray_updates")
    op.drop_index(op.f("ix_stray_updates_account"), table_name="stray_updates")
    op.drop_table("stray_updates")
