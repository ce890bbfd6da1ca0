"""In which order messages of one second arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables fit; messages that are there already keep the order that they had."""
    op.add_column(
        "messages", sa.Column("arrival", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.drop_index("ix_messages_history", table_name="messages")
    op.create_index(
        "ix_messages_history",
        "messages",
        ["workspace", "session", "chat", "at", "arrival", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_messages_history", table_name="messages")
    op.create_index(
        "ix_messages_history",
        "messages",
        ["workspace", "session", "chat", "at", "id"],
        unique=False,
    )
    op.drop_column("messages", "arrival")
