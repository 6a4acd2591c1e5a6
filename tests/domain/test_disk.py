"""The free disk space required for new orders."""

from __future__ import annotations

import pytest

from bot.domain.disk import MEGABYTE, DiskRule, DiskState

RULE = DiskRule(least_bytes=200 * MEGABYTE)


@pytest.mark.parametrize(
    ("free_mb", "already", "short"),
    [(200, False, False), (199, False, True), (200, True, True), (249, True, True), (250, True, False)],
)
def test_disk_limit_has_hysteresis(free_mb: int, already: bool, short: bool) -> None:
    """Orders stop below the limit, and resume a quarter above it, so that the state does not toggle every minute."""
    assert bool(RULE.shortage(DiskState(free_bytes=free_mb * MEGABYTE), already=already)) is short


def test_owner_sees_free_and_required_space() -> None:
    """With the names of the settings."""
    told = RULE.shortage(DiskState(free_bytes=12_400_000), already=False)
    assert told == "12 MB are left for DATA_DIR, and MIN_FREE_MB wants 200"


def test_unwritable_disk_counts_as_full() -> None:
    """A quota, a remount, a broken disk: its free space is not usable."""
    seen = DiskState(free_bytes=10**12, trouble="Read-only file system")
    assert RULE.shortage(seen, already=False) == "DATA_DIR cannot be written: Read-only file system"
    assert RULE.too_little_for_a_picture(seen)


def test_running_pictures_may_use_half_of_the_reserve() -> None:
    """The rest is for the database, which has to record their outcome."""
    assert not RULE.too_little_for_a_picture(DiskState(free_bytes=100 * MEGABYTE))
    assert RULE.too_little_for_a_picture(DiskState(free_bytes=99 * MEGABYTE))


def test_limit_of_zero_disables_the_check() -> None:
    """With MIN_FREE_MB=0 only an unwritable disk stops orders."""
    rule = DiskRule(least_bytes=0)
    assert not rule.shortage(DiskState(free_bytes=0), already=True)
    assert not rule.too_little_for_a_picture(DiskState(free_bytes=0))
    assert rule.shortage(DiskState(free_bytes=0, trouble="No space left on device"), already=False)
