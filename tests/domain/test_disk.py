"""How much room the disk has to have before anything is ordered."""

from __future__ import annotations

import pytest

from bot.domain.disk import MEGABYTE, DiskRule, DiskState

RULE = DiskRule(least_bytes=200 * MEGABYTE)


@pytest.mark.parametrize(
    ("free_mb", "already", "short"),
    [(200, False, False), (199, False, True), (200, True, True), (249, True, True), (250, True, False)],
)
def test_what_was_short_once_must_be_more_than_enough(free_mb: int, already: bool, short: bool) -> None:
    """Orders stop below the limit, and go on a quarter above it: no gate that opens and shuts by the minute."""
    assert bool(RULE.shortage(DiskState(free_bytes=free_mb * MEGABYTE), already=already)) is short


def test_the_owner_reads_how_much_is_left_and_how_much_it_should_be() -> None:
    """With the names of the settings that say so."""
    told = RULE.shortage(DiskState(free_bytes=12_400_000), already=False)
    assert told == "12 MB are left for DATA_DIR, and MIN_FREE_MB wants 200"


def test_a_disk_that_cannot_be_written_is_short_however_empty_it_is() -> None:
    """A quota, a remount, a broken disk: room that nobody can use is none."""
    seen = DiskState(free_bytes=10**12, trouble="Read-only file system")
    assert RULE.shortage(seen, already=False) == "DATA_DIR cannot be written: Read-only file system"
    assert RULE.too_little_for_a_picture(seen)


def test_pictures_under_way_may_use_half_of_what_is_kept_free() -> None:
    """The rest belongs to the database, which has to record what became of them."""
    assert not RULE.too_little_for_a_picture(DiskState(free_bytes=100 * MEGABYTE))
    assert RULE.too_little_for_a_picture(DiskState(free_bytes=99 * MEGABYTE))


def test_no_limit_is_no_limit() -> None:
    """With MIN_FREE_MB=0 only a disk that cannot be written stops anything."""
    rule = DiskRule(least_bytes=0)
    assert not rule.shortage(DiskState(free_bytes=0), already=True)
    assert not rule.too_little_for_a_picture(DiskState(free_bytes=0))
    assert rule.shortage(DiskState(free_bytes=0, trouble="No space left on device"), already=False)
