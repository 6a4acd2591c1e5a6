"""Checks once at start-up whether the provider accepts this installation's key."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from bot.domain.errors import InvalidKeyError, ProviderError, StartupError, TaskUnknownError
from bot.domain.job import JobState
from bot.ports import TaskStatus, UsageStats

log = logging.getLogger(__name__)

_KEY_CHECK_S: Final = 3.0


class Account(Protocol):
    """The provider's free calls that need a key."""

    async def balance(self) -> float | None:
        """The remaining balance; raises ProviderError."""
        ...

    async def poll(self, task_id: str) -> TaskStatus:
        """The state of a task; raises ProviderError."""
        ...


async def balance_if_the_key_is_taken(provider: Account) -> float | None:
    """The remaining balance, None if unknown; raises InvalidKeyError for a refused key, else ProviderError."""
    async with asyncio.timeout(_KEY_CHECK_S):
        try:
            return await provider.balance()
        except InvalidKeyError:
            # Reading the balance may need more rights than making pictures: only a second refusal counts.
            await _poll_nothing(provider)
            return None


async def _poll_nothing(provider: Account) -> None:
    """Raises InvalidKeyError if this call is refused too; that there is no such task is expected."""
    try:
        await provider.poll("task_key_check")
    except TaskUnknownError:
        log.debug("key_taken_for_polls")


async def check_key(provider: Account, stats: UsageStats) -> None:
    """Detect a wrong key at once by a free call; skipped while members wait: their cards must show the reason."""
    try:
        await balance_if_the_key_is_taken(provider)
    except InvalidKeyError:
        states = await stats.states()
        if any(states.get(state) for state in (JobState.QUEUED, JobState.RUNNING, JobState.FETCHED)):
            log.warning("key_refused_at_start")
            return
        raise StartupError(
            "APIMASTER_API_KEY is not accepted by the image provider. "
            "Copy it again from the API keys page of your APIMaster account."
        ) from None
    except (ProviderError, TimeoutError) as error:
        log.info("key_not_checked", extra={"reason": type(error).__name__})
