"""Totals by server and by member, updated with every transition; failures with provider answers; lists by server."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # By server first, unlike usage_daily: a server's query reads only its own rows. 0 means no server.
    """
    CREATE TABLE usage_servers (
        guild_id INTEGER NOT NULL,
        day TEXT NOT NULL,
        resolution TEXT NOT NULL,
        requested INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        cancelled INTEGER NOT NULL DEFAULT 0,
        uncertain INTEGER NOT NULL DEFAULT 0,
        balance_errors INTEGER NOT NULL DEFAULT 0,
        spent_microcredits INTEGER NOT NULL DEFAULT 0,
        possible_microcredits INTEGER NOT NULL DEFAULT 0,
        reported_microcredits INTEGER NOT NULL DEFAULT 0,
        reported_for_microcredits INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (guild_id, day, resolution)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO usage_servers (guild_id, day, resolution, requested, delivered, failed, cancelled, uncertain,
        balance_errors, spent_microcredits, possible_microcredits)
    SELECT guild_id, day, resolution, SUM(requested), SUM(delivered), SUM(failed), SUM(cancelled), SUM(uncertain),
        SUM(balance_errors), SUM(spent_microcredits), SUM(possible_microcredits)
    FROM usage_daily GROUP BY guild_id, day, resolution
    """,
    # The cost of a job as the provider reports it, on the day of the charge.
    """
    INSERT INTO usage_servers (guild_id, day, resolution, reported_microcredits, reported_for_microcredits)
    SELECT COALESCE(jobs.guild_id, 0), date(at / 1000, 'unixepoch'), resolution,
        SUM(CAST(round(reported_cost * 1000000) AS INTEGER)), SUM(price_microcredits)
    FROM jobs JOIN ledger ON ledger.job_id = jobs.id AND kind = 'charge'
    WHERE reported_cost IS NOT NULL GROUP BY 1, 2, 3
    ON CONFLICT DO UPDATE SET reported_microcredits = excluded.reported_microcredits,
        reported_for_microcredits = excluded.reported_for_microcredits
    """,
    # A span is a year, a month or a day (2026, 2026-11, 2026-11-23): a long period consists of few spans.
    """
    CREATE TABLE usage_members (
        guild_id INTEGER NOT NULL,
        span TEXT NOT NULL,
        user_id INTEGER NOT NULL,
        requested INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        cancelled INTEGER NOT NULL DEFAULT 0,
        uncertain INTEGER NOT NULL DEFAULT 0,
        balance_errors INTEGER NOT NULL DEFAULT 0,
        spent_microcredits INTEGER NOT NULL DEFAULT 0,
        possible_microcredits INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (guild_id, span, user_id)
    ) STRICT, WITHOUT ROWID
    """,
    *(
        f"""
        INSERT INTO usage_members (guild_id, span, user_id, requested, delivered, failed, cancelled, uncertain,
            balance_errors, spent_microcredits, possible_microcredits)
        SELECT guild_id, substr(day, 1, {length}) AS span, user_id, SUM(requested), SUM(delivered), SUM(failed),
            SUM(cancelled), SUM(uncertain), SUM(balance_errors), SUM(spent_microcredits), SUM(possible_microcredits)
        FROM usage_daily GROUP BY guild_id, span, user_id
        """
        for length in (4, 7, 10)
    ),
    # How long pictures took from command to file, in classes of `wait_s`, by the day of their arrival.
    """
    CREATE TABLE usage_waits (
        guild_id INTEGER NOT NULL,
        day TEXT NOT NULL,
        wait_s INTEGER NOT NULL,
        pictures INTEGER NOT NULL,
        PRIMARY KEY (guild_id, day, wait_s)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO usage_waits (guild_id, day, wait_s, pictures)
    SELECT guild_id, day, CASE WHEN s < 120 THEN s WHEN s < 1200 THEN (s + 2) / 5 * 5 ELSE (s + 30) / 60 * 60 END,
        COUNT(*)
    FROM (
        SELECT COALESCE(guild_id, 0) AS guild_id, date(fetched_at / 1000, 'unixepoch') AS day,
            (max(0, fetched_at - created_at) + 500) / 1000 AS s
        FROM jobs WHERE fetched_at IS NOT NULL
    ) GROUP BY 1, 2, 3
    """,
    # The provider's answer, if it came from the provider; the message is in the job. Includes orders of unknown
    # outcome, which are not failures yet.
    """
    CREATE TABLE failures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        user_id INTEGER NOT NULL,
        guild_id INTEGER,
        at INTEGER NOT NULL,
        code TEXT NOT NULL,
        http_status INTEGER,
        provider_code TEXT NOT NULL DEFAULT '',
        request_id TEXT NOT NULL DEFAULT '',
        uncertain INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    INSERT INTO failures (job_id, user_id, guild_id, at, code, uncertain)
    SELECT job_id, user_id, guild_id, at, iif(error_code = '', 'outcome_unknown', error_code), event = 'uncertain'
    FROM job_events JOIN jobs ON jobs.id = job_id WHERE event = 'uncertain' OR event LIKE 'failed:%'
    ORDER BY job_events.id
    """,
    "CREATE INDEX failures_guild ON failures (guild_id, at)",
    "CREATE INDEX balance_errors_guild ON balance_errors (guild_id, at)",
    """
    CREATE TABLE usage_failures (
        guild_id INTEGER NOT NULL,
        day TEXT NOT NULL,
        code TEXT NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (guild_id, day, code)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO usage_failures (guild_id, day, code, failures)
    SELECT COALESCE(guild_id, 0), date(at / 1000, 'unixepoch'), code, COUNT(*) FROM failures
    WHERE NOT uncertain GROUP BY 1, 2, 3
    """,
    "CREATE INDEX jobs_guild ON jobs (guild_id, created_at)",
    "CREATE INDEX jobs_guild_member ON jobs (guild_id, user_id, created_at)",
)
