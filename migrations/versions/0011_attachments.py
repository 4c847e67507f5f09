"""attachments of incidents: photos and files.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents_attachment",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("incident", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_incidents_attachment")),
    )
    op.create_index("ix_incidents_attachment_incident", "incidents_attachment", ["county", "incident"])


def downgrade() -> None:
    op.drop_index("ix_incidents_attachment_incident", table_name="incidents_attachment")
    op.drop_table("incidents_attachment")
