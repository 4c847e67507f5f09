"""Messages out: letters, channels, sendings, receipts.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "messages_channel",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("urgencies", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_channel")),
    )
    with op.batch_alter_table("messages_channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_channel_place"), ["place"], unique=False)

    op.create_table(
        "messages_letter",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("event", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'under_way', 'nowhere', 'dropped')", name=op.f("ck_messages_letter_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_letter")),
    )
    with op.batch_alter_table("messages_letter", schema=None) as batch_op:
        batch_op.create_index("ix_messages_letter_place", ["place", "taken_at"], unique=False)
        batch_op.create_index("ix_messages_letter_state", ["state"], unique=False)
        batch_op.create_index("ix_messages_letter_subject", ["topic", "subject"], unique=False)

    op.create_table(
        "messages_receipt",
        sa.Column("channel", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("batch", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "number", name=op.f("pk_messages_receipt")),
    )
    op.create_table(
        "messages_sending",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("letter", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("channel", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'sent', 'failed', 'dropped')", name=op.f("ck_messages_sending_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_sending")),
    )
    with op.batch_alter_table("messages_sending", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_sending_batch"), ["batch"], unique=False)
        batch_op.create_index("ix_messages_sending_due", ["state", "next_try_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_sending_letter"), ["letter"], unique=False)


def downgrade() -> None:
    """Take them away, with what is still to be sent."""
    with op.batch_alter_table("messages_sending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_sending_letter"))
        batch_op.drop_index("ix_messages_sending_due")
        batch_op.drop_index(batch_op.f("ix_messages_sending_batch"))

    op.drop_table("messages_sending")
    op.drop_table("messages_receipt")
    with op.batch_alter_table("messages_letter", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_letter_subject")
        batch_op.drop_index("ix_messages_letter_state")
        batch_op.drop_index("ix_messages_letter_place")

    op.drop_table("messages_letter")
    with op.batch_alter_table("messages_channel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_channel_place"))

    op.drop_table("messages_channel")
