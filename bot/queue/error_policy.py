"""What follows from an error, as a pure decision: one table for the submit call, one place to read the policy."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.domain.errors import (
    BalanceError,
    InvalidKeyError,
    OutcomeUnknownError,
    ProviderError,
    RateLimitedError,
    SyncTimeoutError,
    UnavailableError,
    UnreachableError,
)

MOST_TRIES_UNAVAILABLE: Final = 6
"""With back-off from 2 s this is about a minute; then the member is told instead of left waiting."""


class AfterSubmit(StrEnum):
    """What becomes of a job whose submit call raised."""

    CLOSE_GATE = "close_gate"
    """Back in its place; nobody submits until a probe succeeds."""
    SLOW_DOWN = "slow_down"
    """Back in its place; everybody waits a moment."""
    TRY_LATER = "try_later"
    """Back in its place; this job alone waits a moment."""
    UNCERTAIN = "uncertain"
    """It may have been carried out: only its member may go on with it."""
    FAIL = "fail"
    """The same again would fail again, and it costs nothing."""


def after_submit(error: ProviderError, tries: int) -> AfterSubmit:
    """Decide by the error, and by how often this job has been sent back before."""
    match error:
        case BalanceError() | InvalidKeyError():
            return AfterSubmit.CLOSE_GATE
        case RateLimitedError():
            return AfterSubmit.SLOW_DOWN
        case UnreachableError():
            return AfterSubmit.TRY_LATER
        case UnavailableError():
            return AfterSubmit.TRY_LATER if tries + 1 < MOST_TRIES_UNAVAILABLE else AfterSubmit.FAIL
        case SyncTimeoutError() | OutcomeUnknownError():
            return AfterSubmit.UNCERTAIN
        case _:
            return AfterSubmit.FAIL
