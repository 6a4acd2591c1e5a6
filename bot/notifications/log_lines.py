"""The lines of servers' log channels: who had what made, for how much, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.domain.job import Job, Request, RequestView
from bot.domain.rules import Block, WordRule
from bot.domain.word_matching import cut
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import escaped, mention
from bot.ports.outputs import ServerLog
from bot.services.moderation import Moderator
from bot.ui.lists import jump_link
from bot.ui.notes import until_text
from bot.ui.text import numbers, quoted_prompt

_MOST_NAMES: Final = 300


def tell_delivery(log: ServerLog, view: RequestView, jobs: Sequence[Job], request: Request) -> None:
    """Write of pictures that were delivered just now in a server's log channel, if they are of a server."""
    if request.origin.guild_id is not None:
        log.tell(request.origin.guild_id, delivery_line(view, jobs, request))


def tell_removal(log: ServerLog, actor_id: int, view: RequestView) -> None:
    """Write of a picture whose message was deleted, if it was made in a server."""
    if view.request.origin.guild_id is not None:
        log.tell(view.request.origin.guild_id, removal_line(actor_id, view))


def tell_block(log: ServerLog, block: Block) -> None:
    """Write of a member who was blocked."""
    line = ENGLISH("log.blocked", actor=mention(block.by_id), member=mention(block.member_id), until=until_text(block))
    log.tell(block.guild_id, f"⛔ {line}" + (f"\n{quoted(escaped(block.reason))}" if block.reason else ""))


def tell_unblock(log: ServerLog, moderator: Moderator, member_id: int) -> None:
    """Write of a member who may order again."""
    line = ENGLISH("log.unblocked", actor=mention(moderator.user_id), member=mention(member_id))
    log.tell(moderator.guild_id, f"✅ {line}")


def tell_slow_pattern(log: ServerLog, guild_id: int, rule: WordRule) -> None:
    """Write of a rule that took too long with somebody's prompt, which was refused therefore."""
    log.tell(guild_id, "⚠️ " + ENGLISH("log.slow_pattern", number=rule.id, pattern=escaped(rule.pattern)))


def delivery_line(view: RequestView, jobs: Sequence[Job], request: Request) -> str:
    """Pictures that were delivered just now; `request` names the message that shows them.

    A private picture's prompt and cost are the moderators' business too; the picture itself is not shown to them.
    """
    words = ENGLISH
    parts = [mention(request.origin.user_id), numbers(jobs, ENGLISH), request.spec.size, request.spec.resolution.value]
    if view.request.references:
        names = ", ".join(reference.name for reference in view.request.references)
        count = words("card.references", count=len(view.request.references))
        parts.append(f"{count} ({escaped(' '.join(cut(names, _MOST_NAMES).split()))})")
    if request.private:
        parts.append(words("card.private"))
    parts.append(words.credits(sum(job.price_microcredits for job in jobs)))
    link = jump_link(request)
    if link is not None and request.message_by != "dm":
        parts.append(words("log.show", link=link))
    return f"🖼️ {' · '.join(parts)}\n{quoted(quoted_prompt(request.spec))}"


def removal_line(actor_id: int, view: RequestView) -> str:
    """A picture whose message was deleted, by its member or a moderator."""
    jobs = [job for job in view.jobs if job.retried_by is None]
    owner_id = view.request.origin.user_id
    key = "log.deleted_own" if actor_id == owner_id else "log.removed"
    line = ENGLISH(key, actor=mention(actor_id), member=mention(owner_id), numbers=numbers(jobs, ENGLISH))
    return f"🗑️ {line}\n{quoted(quoted_prompt(view.request.spec))}"


def quoted(words: str) -> str:
    """A text as a quotation, on every line of it."""
    return "\n".join(f"> {line}" for line in words.splitlines())
