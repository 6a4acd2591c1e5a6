"""`make bench`: query times on a server with five million pictures, and an export of a million of them."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from benchmarks.attack.command import attack
from benchmarks.load.command import load
from benchmarks.queries import OVERVIEW_MS, QUESTIONS, full_scans, milliseconds
from benchmarks.seed_data import GUILD, START_MS, fill
from benchmarks.soak import soak
from bot.domain.period import Period
from bot.media.csv_export import CsvTables
from bot.ports.statistics import EXPORT_COLUMNS, ExportLine
from bot.services.export import MOST_FILES
from bot.store.rows import from_ms
from bot.store.sqlite.connection import connect
from bot.store.statistics import exported

_EXPORTED = 1_000_000
_LIMIT_BYTES = 10 * 1024 * 1024


@click.group(invoke_without_command=True)
@click.option("--jobs", default=5_000_000, show_default=True, type=click.IntRange(1_000), help="How many pictures.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where; a temporary one otherwise.")
@click.pass_context
def main(context: click.Context, *, jobs: int, folder: Path | None) -> None:
    """Fill a database and time the queries; fail if an overview is too slow or a query scans a whole table."""
    if context.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory(dir=folder) as made:
        path = Path(made) / "bench.db"
        began = time.perf_counter()
        with closing(connect(path)) as db:
            fill(db, jobs=jobs)
        click.echo(
            f"{jobs:,} jobs, {path.stat().st_size / 1e9:.2f} GB, filled in {time.perf_counter() - began:.0f} s\n"
        )
        failed = _ask(path)
        _export(path, Path(made) / "exports", min(jobs, _EXPORTED))
    sys.exit(failed)


def _ask(path: Path) -> bool:
    failed = False
    click.echo(f"{'question':<40} {'first':>10} {'again':>10}   plan")
    for name, question in QUESTIONS.items():
        # A new connection for each query, so that its cache is empty.
        with closing(connect(path, read_only=True)) as db:
            first, again = milliseconds(db, question)
            scans = list(full_scans(db, question))
        # The first answer includes disk reads, and any one may be slowed by other load on the machine.
        slow = name.startswith("overview") and again > OVERVIEW_MS
        failed = failed or bool(scans) or slow
        told = f"too slow: {OVERVIEW_MS:g} ms are allowed" if slow else "; ".join(scans) or "no full scan"
        click.echo(f"{name:<40} {first:>7.1f} ms {again:>7.1f} ms   {told}")
    return failed


def _export(path: Path, folder: Path, jobs: int) -> None:
    """Export the oldest `jobs` jobs, as for an upload limit of 10 MB per file."""
    with closing(connect(path, read_only=True)) as db:
        row = db.conn.execute("SELECT created_at FROM jobs ORDER BY id LIMIT 1 OFFSET ?", (jobs - 1,)).fetchone()
    period = Period(first=from_ms(START_MS).date(), last=from_ms(row["created_at"]).date())
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, count = time.perf_counter(), 0

    def rows() -> Iterator[ExportLine]:
        nonlocal count
        for batch in exported(path, GUILD, period):
            count += len(batch)
            yield from batch

    tables = CsvTables(folder)
    with tables.written("usage", EXPORT_COLUMNS, rows(), limit_bytes=_LIMIT_BYTES, most_parts=MOST_FILES) as files:
        size_mb = sum(file.stat().st_size for file in files) / 1e6
    grew_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    took_s = time.perf_counter() - began
    click.echo(
        f"\nexport: {count:,} rows, {len(files)} files, {size_mb:.1f} MB, {took_s:.0f} s, memory +{grew_mb:.0f} MB"
    )


main.add_command(attack)
main.add_command(load)
main.add_command(soak)


if __name__ == "__main__":
    main()
