"""A sitting's state heard over the telephone, and since when its phone is locked away.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both to the sittings; null for those that are there, as their events fold."""
    with op.batch_alter_table("testday_sitting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("boxed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("spoken", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take both away; the journal keeps what they were made from."""
    with op.batch_alter_table("testday_sitting", schema=None) as batch_op:
        batch_op.drop_column("spoken")
        batch_op.drop_column("boxed_at")
