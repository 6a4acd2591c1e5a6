"""`python -m bot usage`: pictures and their cost, in a terminal or as CSV; the bot may be running."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import click

from bot.clock import SystemClock
from bot.domain.credits import MICRO
from bot.domain.errors import StartupError
from bot.ports import UsageRow
from bot.settings import load_settings
from bot.store.sqlite.reading import read_reported, read_usage

_COUNTS: Final = ("requested", "delivered", "failed", "cancelled", "uncertain", "balance_errors")
_TITLES: Final = ("asked for", "delivered", "failed", "cancelled", "uncertain", "balance errors", "credits", "possibly")
_MOST_MEMBERS: Final = 10


@click.command("usage", short_help="Show pictures, credits and balance errors.")
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="Only the last N days, today included (UTC). Default: all."
)
@click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the daily rows to FILE."
)
def usage(*, days: int | None, csv_path: Path | None) -> None:
    """Show pictures, credits and balance errors: by day, resolution and member.

    "credits" were charged (refunds taken off); "possibly" are those of orders whose outcome nobody knows.
    """
    path = load_settings().data_dir / "bot.db"
    since = SystemClock().now().date() - timedelta(days=days - 1) if days else None
    rows, reported = read_usage(path, since), read_reported(path, since)
    if csv_path is not None:
        _write_csv(rows, csv_path)
        click.echo(f"{len(rows)} rows written to {csv_path}.")
        return
    if not rows:
        click.echo("Nothing was asked for in this time." if days else "Nothing has been asked for yet.")
        return
    period = f"since {since}" if since else f"since {rows[0].day}"
    click.echo(f"Usage {period} (days are UTC)\n")
    _print_table("day", rows, lambda row: row.day.isoformat())
    _print_table("resolution", rows, lambda row: row.resolution)
    _print_table("member", rows, lambda row: str(row.user_id), most=_MOST_MEMBERS)
    _print_reported(*reported)


def _print_reported(reported: int, computed: int) -> None:
    """Print the difference between the provider's reported cost and the computed cost of the same pictures."""
    if reported or computed:
        click.echo(
            f"Where the provider reports a cost: {_credits(reported)} credits reported, {_credits(computed)} computed, "
            f"difference {Decimal(reported - computed) / MICRO:+.2f}"
        )


def _print_table(
    title: str, rows: Sequence[UsageRow], key: Callable[[UsageRow], str], *, most: int | None = None
) -> None:
    groups: dict[str, list[UsageRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    lines = [(name, _sums(group)) for name, group in groups.items()]
    if most is not None:
        lines.sort(key=lambda line: line[1][-2], reverse=True)
    hidden = lines[most:] if most is not None else []
    shown = lines[:most] if most is not None else lines
    width = max(len(title), len("total"), *(len(name) for name, _ in shown))
    click.echo(f"{title:<{width}}  " + "  ".join(f"{name:>14}" for name in _TITLES))
    for name, sums in [*shown, ("total", _sums(rows))]:
        click.echo(f"{name:<{width}}  " + "  ".join(f"{value:>14}" for value in _as_text(sums)))
    click.echo(f"and {len(hidden)} more\n" if hidden else "")


def _sums(rows: Iterable[UsageRow]) -> list[int]:
    columns = (*_COUNTS, "spent_microcredits", "possible_microcredits")
    totals = [0] * len(columns)
    for row in rows:
        for index, column in enumerate(columns):
            totals[index] += getattr(row, column)
    return totals


def _as_text(sums: Sequence[int]) -> list[str]:
    *counts, spent, possible = sums
    return [*(str(count) for count in counts), _credits(spent), _credits(possible)]


def _credits(microcredits: int) -> str:
    return f"{Decimal(microcredits) / MICRO:.2f}"


def _write_csv(rows: Sequence[UsageRow], path: Path) -> None:
    """The daily rows unchanged, one line each; credits with all six decimals."""
    names = [field.name for field in fields(UsageRow)]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([name.replace("_microcredits", "_credits") for name in names])
            for row in rows:
                writer.writerow([_cell(name, getattr(row, name)) for name in names])
    except OSError as error:
        raise StartupError(f"{str(path)!r} cannot be written: {error.strerror}. Choose another file.") from None


def _cell(name: str, value: date | int | str) -> str:
    if name.endswith("_microcredits") and isinstance(value, int):
        return f"{Decimal(value) / MICRO:.6f}"
    return str(value)
