"""SQL of the statistics, by name: each reads totals, or a table through an index that begins with the server."""

from __future__ import annotations

from typing import Final

from bot.ports.statistics import EXPORT_COLUMNS

_COUNTED: Final = (
    "SUM(requested) AS requested, SUM(delivered) AS delivered, SUM(failed) AS failed, SUM(cancelled) AS cancelled, "
    "SUM(uncertain) AS uncertain, SUM(balance_errors) AS balance_errors, "
    "SUM(spent_microcredits) AS spent_microcredits, SUM(possible_microcredits) AS possible_microcredits"
)
_OF_DAYS: Final = "guild_id = :guild AND day BETWEEN :first AND :last"
_OF_SPANS: Final = "guild_id = :guild AND span IN (SELECT value FROM json_each(:spans))"
_OF_TIMES: Final = "guild_id = :guild AND at >= :begins AND at < :ends"

TOTALS: Final = (
    f"SELECT {_COUNTED}, SUM(reported_microcredits) AS reported_microcredits, "
    f"SUM(reported_for_microcredits) AS reported_for_microcredits FROM usage_servers WHERE {_OF_DAYS}"
)
DAYS: Final = (
    f"SELECT day, resolution, spent_microcredits FROM usage_servers WHERE {_OF_DAYS} "
    "AND spent_microcredits <> 0 ORDER BY day, resolution"
)
MEMBERS: Final = f"SELECT COUNT(DISTINCT user_id) AS members FROM usage_members WHERE {_OF_SPANS} AND requested > 0"
MEMBERS_SINCE: Final = "SELECT COUNT(*) AS members FROM usage_last_days WHERE guild_id = :guild AND day >= :first"
"""The same for a period that ends now: a member's last active day is inside it exactly if they were active in it."""
MEMBERS_OF_LONG: Final = (
    "WITH wanted (span) AS MATERIALIZED (SELECT value FROM json_each(:spans)) "
    "SELECT COUNT(*) AS members FROM usage_last_days AS known WHERE guild_id = :guild AND day >= :first "
    "AND (day <= :last OR EXISTS (SELECT 1 FROM wanted CROSS JOIN usage_members AS did "
    "WHERE did.guild_id = :guild AND did.span = wanted.span AND did.user_id = known.user_id AND did.requested > 0))"
)
"""The same for a long period: most members are found in the first span checked, which is a long one."""
FAILURES: Final = (
    f"SELECT code, SUM(failures) AS failures FROM usage_failures WHERE {_OF_DAYS} GROUP BY code ORDER BY 2 DESC, code"
)
WAITS: Final = f"SELECT wait_s, SUM(pictures) AS pictures FROM usage_waits WHERE {_OF_DAYS} GROUP BY wait_s"
MEMBER: Final = f"SELECT {_COUNTED} FROM usage_members WHERE {_OF_SPANS} AND user_id = :user"
TOP: Final = (
    "SELECT user_id, SUM(requested) AS requested, SUM(delivered) AS delivered, "
    f"SUM(spent_microcredits) AS spent_microcredits FROM usage_members WHERE {_OF_SPANS} "
    "GROUP BY user_id ORDER BY SUM(spent_microcredits) DESC, SUM(requested) DESC, user_id LIMIT :most"
)

_FOUND: Final = (
    "SELECT jobs.id, jobs.state, requests.channel_id, requests.prompt "
    "FROM jobs JOIN requests ON requests.id = jobs.request_id "
    "WHERE jobs.guild_id = :guild{member} AND (jobs.created_at, jobs.id) < (:ends, :before) "
    "AND jobs.created_at >= :begins ORDER BY jobs.created_at DESC, jobs.id DESC LIMIT :look_at"
)
JOBS: Final = _FOUND.format(member="")
JOBS_OF_MEMBER: Final = _FOUND.format(member=" AND jobs.user_id = :user")

TROUBLES: Final = (
    "SELECT failures.at, iif(failures.uncertain, 'uncertain', 'failed') AS kind, failures.id, job_id, "
    "failures.user_id, failures.http_status, iif(provider_code = '', code, code || ' / ' || provider_code) AS code, "
    "failures.request_id, COALESCE(jobs.error_text, '') AS message "
    "FROM failures LEFT JOIN jobs ON jobs.id = failures.job_id "
    "WHERE failures.guild_id = :guild AND failures.at >= :begins AND failures.at < :ends "
    "UNION ALL SELECT at, 'balance', id, job_id, user_id, iif(http_status = 0, NULL, http_status), code, request_id, "
    f"message FROM balance_errors WHERE {_OF_TIMES} "
    "ORDER BY 1 DESC, 2, 3 DESC LIMIT :most OFFSET :skip"
)
"""Newest first; `failures` has the answer's status and code, the job has its message."""

_WRITTEN: Final = "strftime('%Y-%m-%d %H:%M:%S', {} / 1000, 'unixepoch')"
_LINE: Final = {
    "number": "jobs.id",
    "request": "request_id",
    "asked_at_utc": _WRITTEN.format("jobs.created_at"),
    "finished_at_utc": _WRITTEN.format("finished_at"),
    "wait_s": "round((fetched_at - jobs.created_at) / 1000.0, 1)",
    "member_id": "jobs.user_id",
    "channel_id": "COALESCE(message_channel_id, channel_id)",
    "kind": "kind",
    "state": "state",
    "resolution": "jobs.resolution",
    "size": "size",
    "style": "style",
    "references": "(SELECT COUNT(*) FROM request_references AS named WHERE named.request_id = jobs.request_id)",
    "google_search": "CASE WHEN google_image_search THEN 'image' WHEN google_search THEN 'yes' END",
    "private": "iif(private, 'yes', '')",
    "price_credits": "price_microcredits / 1e6",
    "charged_credits": "(SELECT SUM(iif(kind = 'charge', amount_microcredits, -amount_microcredits)) / 1e6 "
    "FROM ledger WHERE ledger.job_id = jobs.id AND kind IN ('charge', 'refund'))",
    "reported_cost": "reported_cost",
    "error": "error_code",
    "deleted_at_utc": _WRITTEN.format("deleted_at"),
    "message": "'https://discord.com/channels/' || jobs.guild_id || '/' || COALESCE(message_channel_id, channel_id) "
    "|| '/' || message_id",
    "prompt": "prompt",
}
_COLUMNS: Final = ", ".join(f'{_LINE[column]} AS "{column}"' for column in EXPORT_COLUMNS)
EXPORT: Final = (
    f"SELECT {_COLUMNS}, jobs.created_at AS at "
    "FROM jobs JOIN requests ON requests.id = jobs.request_id "
    "WHERE jobs.guild_id = :guild AND (jobs.created_at, jobs.id) > (:at, :after) AND jobs.created_at < :ends "
    "ORDER BY jobs.created_at, jobs.id LIMIT :most"
)
"""A line of an export, and the position to continue after. SQLite formats the line, which releases the GIL."""

EVERY: Final = {
    "totals": TOTALS,
    "days": DAYS,
    "members": MEMBERS,
    "members since a day": MEMBERS_SINCE,
    "members of a long period": MEMBERS_OF_LONG,
    "failures": FAILURES,
    "waits": WAITS,
    "member": MEMBER,
    "top": TOP,
    "jobs": JOBS,
    "jobs of a member": JOBS_OF_MEMBER,
    "troubles": TROUBLES,
    "export": EXPORT,
}
"""All queries, so that each query's plan can be checked."""
