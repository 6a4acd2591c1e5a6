"""Drafts: an order of several prompts, each of which becomes a request once the member confirms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.errors import BotError
from bot.domain.job import NewReference
from bot.domain.picture import PictureSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order awaiting confirmation. `count` is per prompt, `price_microcredits` per picture.

    The prompt of `spec` is what was typed; `prompts` are its expansions. `kind`, `references` and `parent_job_id` are
    as in NewRequest. `channel_id` is where the question was asked; None in rows of older versions.
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
        """The number of pictures in total."""
        return len(self.prompts) * self.count

    @property
    def total_microcredits(self) -> int:
        """The price of all of them."""
        return self.pictures * self.price_microcredits

    @property
    def specs(self) -> tuple[PictureSpec, ...]:
        """One picture specification per prompt."""
        return tuple(replace(self.spec, prompt=prompt) for prompt in self.prompts)


class AsksFirst(BotError):  # noqa: N818 - a question, not an error
    """An order that was stored as a draft because its member must confirm it first."""

    code = "asks_first"

    def __init__(self, draft_id: int, draft: Draft) -> None:
        super().__init__(f"Draft {draft_id} waits for its member's answer.")
        self.draft_id = draft_id
        self.draft = draft


def interaction_id_of(draft_id: int, position: int) -> int:
    """A substitute interaction id for the request of a draft's prompt.

    Each interaction is accepted once, but one button press creates several requests. The ids are negative, so they
    never collide with Discord's, and deterministic, so a repeated press is deduplicated.
    """
    return -(draft_id * 100 + position + 1)
