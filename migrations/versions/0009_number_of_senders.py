"""a number that the database raises whenever somebody may send less or more than before.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# What `organisation.actors` reads of a sender, and no more: a device that is merely seen, or a new one, changes nobody.
_WATCHED = (
    ("organisation_device", "UPDATE OF person, token_hash, expires_at, revoked_at"),
    ("organisation_device", "DELETE"),
    ("organisation_duty", "INSERT"),
    ("organisation_duty", "UPDATE"),
    ("organisation_duty", "DELETE"),
    ("timetable_window", "INSERT"),
    ("timetable_window", "UPDATE"),
    ("timetable_window", "DELETE"),
)
_RAISE = "UPDATE journal_server SET senders = senders + 1"


def _name(table: str, change: str) -> str:
    return f"senders_{table}_{change.split(maxsplit=1)[0].lower()}"


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("journal_server", sa.Column("senders", kind, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION senders_changed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_RAISE}; RETURN NULL; END $$"
        )
        for table, change in _WATCHED:
            op.execute(
                f"CREATE TRIGGER {_name(table, change)} AFTER {change} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION senders_changed()"
            )
        return
    for table, change in _WATCHED:
        op.execute(f"CREATE TRIGGER {_name(table, change)} AFTER {change} ON {table} BEGIN {_RAISE}; END")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, change in _WATCHED:
        op.execute(f"DROP TRIGGER {_name(table, change)}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION senders_changed()")
    op.drop_column("journal_server", "senders")
