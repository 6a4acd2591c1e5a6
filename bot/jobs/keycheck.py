"""Whether the provider takes this installation's key, asked once at the start."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from bot.domain.errors import InvalidKeyError, ProviderError, StartupError
from bot.domain.job import JobState
from bot.ports import TaskStatus, UsageStats

log = logging.getLogger(__name__)

_KEY_CHECK_S: Final = 3.0


class Account(Protocol):
    """The free calls of the provider that need a key."""

    async def balance(self) -> object:
        """What is left; raises ProviderError."""
        ...

    async def poll(self, task_id: str) -> TaskStatus:
        """How a task is doing; raises ProviderError."""
        ...


async def check_key(provider: Account, stats: UsageStats) -> None:
    """Find out at once that a key is wrong, by a free call; not while members wait, who must be told why."""
    try:
        async with asyncio.timeout(_KEY_CHECK_S):
            try:
                await provider.balance()
            except InvalidKeyError:
                # Reading a balance may need more rights than making pictures: only a second refusal counts.
                await provider.poll("task_key_check")
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
