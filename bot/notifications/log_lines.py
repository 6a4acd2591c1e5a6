"""The lines in servers' log channels: who ordered what, at what cost, and a link to the message."""

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
    """Log pictures that were just delivered, if they belong to a server."""
    if request.origin.guild_id is not None:
        log.tell(request.origin.guild_id, delivery_line(view, jobs, request))


def tell_removal(log: ServerLog, actor_id: int, view: RequestView) -> None:
    """Log a picture whose message was deleted, if it was made in a server."""
    if view.request.origin.guild_id is not None:
        log.tell(view.request.origin.guild_id, removal_line(actor_id, view))


def tell_block(log: ServerLog, block: Block) -> None:
    """Log that a member was blocked."""
    line = ENGLISH("log.blocked", actor=mention(block.by_id), member=mention(block.member_id), until=until_text(block))
    log.tell(block.guild_id, f"⛔ {line}" + (f"\n{quoted(escaped(block.reason))}" if block.reason else ""))


def tell_unblock(log: ServerLog, moderator: Moderator, member_id: int) -> None:
    """Log that a member was unblocked."""
    line = ENGLISH("log.unblocked", actor=mention(moderator.user_id), member=mention(member_id))
    log.tell(moderator.guild_id, f"✅ {line}")


def tell_slow_pattern(log: ServerLog, guild_id: int, rule: WordRule) -> None:
    """Log a rule whose check of a prompt took too long, so that the prompt was refused."""
    log.tell(guild_id, "⚠️ " + ENGLISH("log.slow_pattern", number=rule.id, pattern=escaped(rule.pattern)))


def delivery_line(view: RequestView, jobs: Sequence[Job], request: Request) -> str:
    """The line about pictures that were just delivered; `request` has the message that shows them.

    Moderators see the prompt and the cost of a private picture too, but not the picture itself.
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
    """The line about a picture whose message was deleted, by its member or a moderator."""
    jobs = [job for job in view.jobs if job.retried_by is None]
    owner_id = view.request.origin.user_id
    key = "log.deleted_own" if actor_id == owner_id else "log.removed"
    line = ENGLISH(key, actor=mention(actor_id), member=mention(owner_id), numbers=numbers(jobs, ENGLISH))
    return f"🗑️ {line}\n{quoted(quoted_prompt(view.request.spec))}"


def quoted(words: str) -> str:
    """A text as a Markdown quote, on every line of it."""
    return "\n".join(f"> {line}" for line in words.splitlines())
