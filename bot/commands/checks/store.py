"""Checks of the installation's data: the database, the ledger, and the pictures that rows name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bot.commands.backup import counted, described
from bot.commands.checks.findings import Finding, fail, ok, warn
from bot.domain.errors import StartupError
from bot.media.sniff import KINDS
from bot.store.sqlite.integrity import Files, broken_references, files_of, gate_reason, read_through
from bot.store.sqlite.reading import read_faults

_RESTORE: Final = "Stop the bot and put the last backup back, with `restore`."


def database(path: Path) -> Iterator[Finding]:
    """All findings about the database; for a corrupt one, as many as possible."""
    if not path.exists():
        yield warn("database", f"there is no database {str(path)!r} yet", "Start the bot once.")
        return
    try:
        yield ok("database", f"{described(read_through(path))}, every page can be read")
    except StartupError as error:
        yield fail("database", str(error), "")
        return
    for check in (_rows, _gate, _ledger, _pictures):
        yield from _survived(check, path)


def _survived(check: Callable[[Path], Iterator[Finding]], path: Path) -> Iterator[Finding]:
    try:
        yield from check(path)
    except StartupError as error:
        yield fail("database", str(error), "")


def _rows(path: Path) -> Iterator[Finding]:
    broken = broken_references(path)
    if broken:
        yield fail("database", f"{counted(broken, 'reference')} between rows lead nowhere", _RESTORE)


def _gate(path: Path) -> Iterator[Finding]:
    if reason := gate_reason(path):
        yield warn("gate", f"nothing is ordered: {reason}", "The bot goes on by itself, or with `/owner resume`.")
    else:
        yield ok("gate", "orders go to the provider")


def _ledger(path: Path) -> Iterator[Finding]:
    found = list(read_faults(path))
    if found:
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        yield fail("ledger", found[0].removesuffix(".") + more, "`doctor --ledger` names each.")
    else:
        yield ok("ledger", "every job and every total is in order")


def _pictures(path: Path) -> Iterator[Finding]:
    spool, references = path.with_name("spool"), path.with_name("references")
    files = files_of(path)
    unposted = _missing(spool, files.unposted)
    if unposted:
        yield warn(
            "spool",
            f"missing of those not posted yet: {counted(len(unposted), 'picture')} ({unposted[0]}, ...)",
            "Copy them back into the spool, or start the bot: it asks the provider for those that are on their way.",
        )
    if lost := _missing(references, files.referred):
        yield warn(
            "spool",
            f"missing of open orders: {counted(len(lost), 'reference picture')}",
            "Copy them back: else they fail.",
        )
    gone = _missing(spool, files.posted)
    if gone:
        yield warn(
            "spool", f"missing of those posted: {counted(len(gone), 'picture')}", "`/collect` and *Original* lack them."
        )
    orphans = _orphans(spool, files)
    if orphans:
        yield warn(
            "spool",
            f"of no picture that is known: {counted(orphans, 'file')}",
            "After a restore they were ordered since the backup: look at them. Others leave with the bot's next start.",
        )
    if not (unposted or lost or gone or orphans):
        count = len(files.unposted) + len(files.posted)
        yield ok("spool", f"{counted(count, 'picture')} kept, {len(files.unposted):,} not posted yet")


def _missing(folder: Path, names: frozenset[str]) -> list[str]:
    here = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return sorted(names - here)


def _orphans(spool: Path, files: Files) -> int:
    """Orphans: pictures that no row names; their smaller versions and thumbnails belong to them."""
    if not spool.is_dir():
        return 0
    numbers = {name.partition(".")[0] for name in files.unposted | files.posted} | files.under_way
    endings = {kind.extension for kind in KINDS}
    found = (path.name.partition(".") for path in spool.iterdir())
    return sum(number.isdecimal() and ending in endings and number not in numbers for number, _, ending in found)
