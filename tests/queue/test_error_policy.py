"""The decision after a failed submit, for every kind of error."""

from __future__ import annotations

import pytest

from bot.domain import errors
from bot.domain.errors import ProviderError
from bot.queue.error_policy import MOST_TRIES_UNAVAILABLE, AfterSubmit, after_submit

TABLE = {
    errors.BalanceError: AfterSubmit.CLOSE_GATE,
    errors.InvalidKeyError: AfterSubmit.CLOSE_GATE,
    errors.RateLimitedError: AfterSubmit.SLOW_DOWN,
    errors.UnreachableError: AfterSubmit.TRY_LATER,
    errors.UnavailableError: AfterSubmit.TRY_LATER,
    errors.OutcomeUnknownError: AfterSubmit.UNCERTAIN,
    errors.SyncTimeoutError: AfterSubmit.UNCERTAIN,
    errors.BadRequestError: AfterSubmit.FAIL,
    errors.ForbiddenError: AfterSubmit.FAIL,
    errors.ContentRefusedError: AfterSubmit.FAIL,
    errors.PlatformError: AfterSubmit.FAIL,
    errors.ProviderError: AfterSubmit.FAIL,
}
OF_POLLS = {errors.TaskFailedError, errors.TaskUnknownError, errors.TaskTimeoutError}


@pytest.mark.parametrize(("kind", "decision"), TABLE.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_first_failure(kind: type[ProviderError], decision: AfterSubmit) -> None:
    """Each kind of error has exactly one decision."""
    assert after_submit(kind("x"), 0) is decision


def test_every_kind_of_error_is_in_the_table() -> None:
    """A new kind of error needs an explicit decision."""
    assert set(ProviderError.__subclasses__()) == (set(TABLE) | OF_POLLS) - {ProviderError}


def test_only_an_uncertain_job_may_have_cost_something() -> None:
    """An error that may have been charged never leads to another POST or to a free failure."""
    for kind, decision in TABLE.items():
        assert (kind.cost is errors.Cost.POSSIBLY) == (decision is AfterSubmit.UNCERTAIN)


@pytest.mark.parametrize("tries", range(8))
def test_unavailable_is_tried_six_times(tries: int) -> None:
    """The sixth failure in a row is the last; then the failure is shown."""
    expected = AfterSubmit.TRY_LATER if tries < 5 else AfterSubmit.FAIL
    assert MOST_TRIES_UNAVAILABLE == 6
    assert after_submit(errors.UnavailableError("503"), tries) is expected


@pytest.mark.parametrize(
    ("kind", "decision"),
    [
        (errors.BalanceError, AfterSubmit.CLOSE_GATE),
        (errors.RateLimitedError, AfterSubmit.SLOW_DOWN),
        (errors.UnreachableError, AfterSubmit.TRY_LATER),
    ],
)
def test_transient_errors_are_retried_forever(kind: type[ProviderError], decision: AfterSubmit) -> None:
    """An empty balance, a slow-down or a missing network never ends a job, however often it happens."""
    assert after_submit(kind("x"), 10_000) is decision
