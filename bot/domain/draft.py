"""Orders that ask first: several prompts, each to become a request of its own once their member agrees."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.errors import BotError
from bot.domain.job import NewReference
from bot.domain.picture import PictureSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member is asked about. `count` and `price_microcredits` are for each prompt, and for each picture of it.

    The prompt of `spec` is what was typed; `prompts` are those that it stands for. `kind`, `references` and
    `parent_job_id` are as in NewRequest. `channel_id` is where the question was asked; None is an older version's.
    """

    user_id: int
    kind: str
    spec: PictureSpec
    prompts: tuple[str, ...]
    private: bool
    count: int
    price_microcredits: int
    references: tuple[NewReference, ...] = ()
    parent_job_id: int | None = None
    channel_id: int | None = None

    @property
    def pictures(self) -> int:
        """How many pictures it would be in all."""
        return len(self.prompts) * self.count

    @property
    def total_microcredits(self) -> int:
        """What all of them would cost."""
        return self.pictures * self.price_microcredits

    @property
    def specs(self) -> tuple[PictureSpec, ...]:
        """The pictures of each prompt."""
        return tuple(replace(self.spec, prompt=prompt) for prompt in self.prompts)


class AsksFirst(BotError):  # noqa: N818 - a question, not a fault
    """An order that was kept instead of accepted: its member is asked about it first."""

    code = "asks_first"

    def __init__(self, draft_id: int, draft: Draft) -> None:
        super().__init__(f"Draft {draft_id} waits for its member's answer.")
        self.draft_id = draft_id
        self.draft = draft


def interaction_id_of(draft_id: int, position: int) -> int:
    """What stands for an interaction's number in the request of a draft's prompt.

    Each interaction is accepted once, but one press makes several requests. These numbers are negative, so that none
    of them is ever Discord's, and the same however often the press comes.
    """
    return -(draft_id * 100 + position + 1)
