"""A database with years of a busy server in it, written by SQLite itself in a minute or two."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.store.migrations import m0012_statistics, m0016_members, migrate

GUILD: Final = 1
MEMBERS: Final = 20_000
DAYS: Final = 730
START_MS: Final = 1_704_067_200_000
"""The first moment of 2024, UTC."""
_OF_REQUEST: Final = 2
"""Pictures of one request."""

_REQUESTS: Final = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :requests)
    INSERT INTO requests (id, kind, interaction_id, application_id, user_id, guild_id, channel_id, locale, prompt, size,
        resolution, google_search, google_image_search, private, upload_limit_bytes, shown_version, message_id,
        message_channel_id, message_by, created_at)
    SELECT i, 'imagine', i, 1, 1000 + (i * 48271 % 2147483647) % :members * (i * 69621 % 2147483647 % 1000) / 1000,
        :guild, 500 + i % 20, 'en-GB', 'a ' || (i * 48271 % 9973) || ' times repeated bird on a wire, oil painting',
        '16:9', CASE i % 10 WHEN 0 THEN '4K' WHEN 1 THEN '0.5K' WHEN 2 THEN '2K' WHEN 3 THEN '2K' ELSE '1K' END,
        0, 0, 0, 10485760, 1, i, 500 + i % 20, 'bot', :start + (i - 1) * :step
    FROM n
"""
_JOBS: Final = """
    INSERT INTO jobs (id, request_id, position, user_id, guild_id, resolution, state, price_microcredits, created_at,
        submitted_at, fetched_at, finished_at, error_code, error_text, attachment_id)
    SELECT requests.id * :each - p, requests.id, p, user_id, guild_id, resolution,
        CASE WHEN (requests.id + p) % 50 = 0 THEN 'failed' WHEN (requests.id + p) % 200 = 1 THEN 'cancelled'
            WHEN requests.id > :requests - 50 THEN 'queued' ELSE 'delivered' END,
        CASE resolution WHEN '4K' THEN 2000000 WHEN '2K' THEN 1333333 ELSE 1000000 END,
        created_at, created_at + 2000,
        CASE WHEN (requests.id + p) % 50 = 0 OR (requests.id + p) % 200 = 1 THEN NULL
            ELSE created_at + 8000 + requests.id * 48271 % 90000 END,
        created_at + 100000,
        CASE WHEN (requests.id + p) % 50 = 0
            THEN CASE requests.id % 3 WHEN 0 THEN 'content_refused' WHEN 1 THEN 'task_failed' ELSE 'platform_error' END
            ELSE '' END, '', requests.id
    FROM requests, (SELECT 0 AS p UNION ALL SELECT 1)
"""
_DAILY: Final = """
    INSERT INTO usage_daily (day, guild_id, user_id, resolution, requested, delivered, failed, cancelled,
        spent_microcredits)
    SELECT date(created_at / 1000, 'unixepoch') AS day, guild_id, user_id, resolution, COUNT(*),
        COUNT(*) FILTER (WHERE state = 'delivered'), COUNT(*) FILTER (WHERE state = 'failed'),
        COUNT(*) FILTER (WHERE state = 'cancelled'),
        COALESCE(SUM(price_microcredits) FILTER (WHERE state = 'delivered'), 0)
    FROM jobs GROUP BY day, guild_id, user_id, resolution
"""
_FAILURES: Final = """
    INSERT INTO failures (job_id, user_id, guild_id, at, code, http_status, request_id)
    SELECT id, user_id, guild_id, finished_at, error_code, 400, 'req-' || id FROM jobs WHERE state = 'failed'
"""
_BALANCE: Final = """
    INSERT INTO balance_errors (at, job_id, user_id, guild_id, http_status, code, message, request_id)
    SELECT at, job_id, user_id, guild_id, 402, 'insufficient', 'balance 0', 'req' FROM failures WHERE id % 20 = 0
"""
_BACKFILLED: Final = ("usage_servers", "usage_members", "usage_waits", "usage_failures", "usage_last_days")


def fill(db: Database, *, jobs: int) -> None:
    """Migrate an empty database and write so many jobs of one server into it, with everything that is kept of them.

    The totals are made by the very statements that make them for a database from before there were any.
    """
    migrate(db, "bench.db", size_bytes=0)
    # What a crash would leave is thrown away, so nothing has to be written twice, or reach the disk in order.
    db.conn.execute("PRAGMA journal_mode = OFF")
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "temp_store = MEMORY", "cache_size = -500000"):
        db.conn.execute(f"PRAGMA {pragma}")
    requests = jobs // _OF_REQUEST
    step = DAYS * 86_400_000 // requests
    named = {"requests": requests, "members": MEMBERS, "guild": GUILD, "start": START_MS, "step": step}
    indexes = db.conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    db.conn.execute("BEGIN")
    for index in indexes:
        db.conn.execute(f"DROP INDEX {index['name']}")
    db.conn.execute(_REQUESTS, named)
    db.conn.execute(_JOBS, {"each": _OF_REQUEST, "requests": requests})
    for statement in (_DAILY, _FAILURES, _BALANCE):
        db.conn.execute(statement)
    for statement in (*m0012_statistics.STATEMENTS, *m0016_members.STATEMENTS):
        if any(statement.strip().startswith(f"INSERT INTO {table}") for table in _BACKFILLED):
            db.conn.execute(statement)
    for index in indexes:
        db.conn.execute(index["sql"])
    db.conn.execute("COMMIT")
