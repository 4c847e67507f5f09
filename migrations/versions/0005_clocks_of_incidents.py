"""Clocks of incidents: frozen values, deadlines, lapses, merges.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; the rows that are there are folded anew behind it (`schema.upgrade`), so that their clocks go on."""
    with op.batch_alter_table("incidents_incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unacknowledged_end", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("merged_into", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("joined", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("realarmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("policy", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("ack_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("word_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("instructed_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lapses", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rounds", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("nobody", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("fallback", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("exhausted", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("late_by_s", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take them away; the journal keeps what they were made from."""
    with op.batch_alter_table("incidents_incident", schema=None) as batch_op:
        batch_op.drop_column("late_by_s")
        batch_op.drop_column("exhausted")
        batch_op.drop_column("fallback")
        batch_op.drop_column("nobody")
        batch_op.drop_column("repeats")
        batch_op.drop_column("rounds")
        batch_op.drop_column("lapses")
        batch_op.drop_column("instructed_until")
        batch_op.drop_column("word_due_at")
        batch_op.drop_column("ack_due_at")
        batch_op.drop_column("policy")
        batch_op.drop_column("realarmed_at")
        batch_op.drop_column("joined")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("withdrawn")
        batch_op.drop_column("unacknowledged_end")
