"""Runs migrations on the connection that `fieldops.schema` hands in, inside its transaction."""

import logging

from alembic import context

from fieldops.db import UTCDateTime

logging.getLogger("alembic").setLevel(logging.WARNING)


def render_item(kind, item, _autogen_context):
    """A migration names plain types: it must run as it was written whatever becomes of our own."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


config = context.config
connection = config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=config.attributes["metadata"],
    compare_type=True,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transactional_ddl=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
