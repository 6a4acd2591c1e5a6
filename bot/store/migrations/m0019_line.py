"""Indexes that find waiting and running jobs among millions without reading a job's row."""

from __future__ import annotations

STATEMENTS = (
    # The indexes cover all columns of their queries' conditions: SQLite would read the row otherwise.
    """
    CREATE INDEX jobs_line ON jobs (user_id, id, state, owner, held)
    WHERE state = 'queued' AND owner IS NULL AND held = 0
    """,
    """
    CREATE INDEX jobs_at_work ON jobs (user_id, state, owner)
    WHERE (state IN ('submitting', 'running') OR (state = 'queued' AND owner IS NOT NULL))
    """,
)
