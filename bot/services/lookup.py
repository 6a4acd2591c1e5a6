"""From a posted message to what made it."""

from __future__ import annotations

from bot.domain.errors import Refusal
from bot.domain.job import Job, RequestView
from bot.domain.privacy import check_remembered
from bot.ports import RequestStore


class Lookup:
    """Answers for anybody who can point at a message: who sees it sees its card, its member alone what is private."""

    def __init__(self, requests: RequestStore) -> None:
        self._requests = requests

    async def of_message(self, message_id: int, interaction_id: int | None, user_id: int) -> tuple[RequestView, Job]:
        """The request that a message shows a user, and its first picture; raises Refusal where there is none."""
        request_id = await self._requests.request_of_message(message_id, interaction_id)
        view = None if request_id is None else await self._requests.view(request_id)
        if view is None or view.request.deleted_at is not None:
            raise Refusal("not_a_card")
        if view.request.private and view.request.origin.user_id != user_id:
            raise Refusal("not_a_card")
        current = [job for job in view.jobs if job.retried_by is None]
        check_remembered(view.request, current[0].id)
        return view, next((job for job in current if job.picture is not None), current[0])
