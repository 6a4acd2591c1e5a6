"""What members may know of what is kept of them, and that it goes when they wish so."""

from __future__ import annotations

from bot.domain.errors import Refusal
from bot.domain.privacy import Tally
from bot.jobs.forgetting import Forgetting
from bot.ports import Presenter
from bot.ports.privacy import PrivacyStore


class Privacy:
    """The service behind `/privacy`. Refusals are told to the member."""

    def __init__(self, *, store: PrivacyStore, forgetting: Forgetting, presenter: Presenter) -> None:
        self._store = store
        self._forgetting = forgetting
        self._presenter = presenter

    async def tally(self, user_id: int) -> Tally:
        """How much there is to delete; refused where there is nothing."""
        tally = await self._store.tally(user_id)
        if tally.empty:
            raise Refusal("nothing_kept")
        return tally

    async def delete(self, user_id: int) -> None:
        """Delete what a member said and made so far; the ledger keeps numbers, times and costs.

        What is under way is taken back or, where it is paid for, thrown away when it comes. The wish is recorded
        first: whatever interrupts the rest, the next sweep goes on. Twice is as good as once.
        """
        self._presenter.refresh(await self._store.begin_erasure(user_id))
        await self._forgetting.erase(user_id)
        await self._forgetting.clear()
