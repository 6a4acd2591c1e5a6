"""Writes to servers' log channels what was made, deleted and blocked, in the background so that nothing waits for it.

A line that cannot be written is lost: the audit and the ledger have everything that matters.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import discord

from bot.clock import Clock
from bot.domain.errors import StoreError
from bot.localization.catalogue import ENGLISH
from bot.ops.skip_errors import Count, uncounted
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_MOST_WAITING: Final = 100
_MOST_CHARACTERS: Final = 2_000
_LEFT_ALONE_S: Final = 600.0
"""For how many seconds a channel is skipped after a refusal: Discord counts each refusal against the bot."""
_A_MOMENT_S: Final = 2.0
_GONE: Final = 10_003


class NotWritable(Exception):  # noqa: N818 - an expected outcome, not an error
    """A channel is `gone`, or `forbidden` to the bot."""


Post = Callable[[int, int, str], Awaitable[None]]
"""Writes a text to a channel of a server; raises NotWritable, or StoreError or OSError for temporary failures."""


class ChannelPoster:
    """Implements Post with a logged-in client. A channel of another server counts as gone."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._server_of: dict[int, int | None] = {}

    async def __call__(self, guild_id: int, channel_id: int, text: str) -> None:
        """Post without notifications, mentions or link previews."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            if await self._server(channel_id) != guild_id:
                log.warning("log_channel_of_another_server", extra={"guild_id": guild_id, "channel_id": channel_id})
                raise NotWritable("gone")
            await channel.send(text, suppress_embeds=True, silent=True)
        except (discord.Forbidden, discord.NotFound) as error:
            raise NotWritable("gone" if error.code == _GONE else "forbidden") from error
        except (discord.DiscordException, aiohttp.ClientError) as error:
            raise OSError(str(error)) from error

    async def _server(self, channel_id: int) -> int | None:
        """The server of a channel. One that is not cached (another shard's) is fetched once: it never changes."""
        if channel_id not in self._server_of:
            known = self._client.get_channel(channel_id)
            if known is not None:
                guild = getattr(known, "guild", None)
                self._server_of[channel_id] = guild.id if guild else None
            else:
                found: Any = await self._client.http.get_channel(channel_id)
                guild_id = found.get("guild_id")
                self._server_of[channel_id] = None if guild_id is None else int(guild_id)
        return self._server_of[channel_id]


@dataclass(slots=True)
class _Page:
    """A server's unwritten lines, and why the last ones could not be written."""

    lines: deque[str] = field(default_factory=deque)
    left_out: int = 0
    channel_id: int | None = None
    trouble: str | None = None
    told: bool = False
    quiet_until_s: float = 0.0
    writing: asyncio.Task[None] | None = None


class LogChannelWriter:
    """Implements ServerLog. `channel_of` returns the id of a server's log channel, or None."""

    def __init__(
        self,
        post: Post,
        clock: Clock,
        *,
        channel_of: Callable[[int], Awaitable[int | None]],
        channels: Callable[[], Awaitable[Mapping[int, int]]],
        count: Count = uncounted,
    ) -> None:
        self._post = post
        self._clock = clock
        self._channel_of = channel_of
        self._channels = channels
        self._count = count
        self._pages: dict[int, _Page] = {}
        self._tasks = TaskGroup()
        self._closed = False

    def tell(self, guild_id: int, line: str) -> None:
        """See ServerLog."""
        if self._closed:
            return
        page = self._pages.setdefault(guild_id, _Page())
        if len(page.lines) >= _MOST_WAITING:
            page.lines.popleft()
            page.left_out += 1
        page.lines.append(line[:_MOST_CHARACTERS])
        if page.writing is None:
            page.writing = self._tasks.start(self._write_all(guild_id, page), name=f"log-{guild_id}")

    async def written(self, guild_id: int) -> None:
        """Wait a moment until a server's lines are written or lost."""
        page = self._pages.get(guild_id)
        if page is not None and page.writing is not None:
            await asyncio.wait({page.writing}, timeout=_A_MOMENT_S)

    def tell_everywhere(self, line: str) -> None:
        """See ServerLog."""
        if not self._closed:
            self._tasks.start(self._tell_all(line), name="log-everywhere")

    def trouble(self, guild_id: int) -> str | None:
        """See ServerLog."""
        page = self._pages.get(guild_id)
        return page.trouble if page else None

    def untold_trouble(self, guild_id: int) -> str | None:
        """See ServerLog."""
        page = self._pages.get(guild_id)
        if page is None or page.trouble is None or page.told:
            return None
        page.told = True
        return page.trouble

    async def close(self, *, grace_s: float) -> None:
        """Give pending lines `grace_s` seconds; the others are lost."""
        self._closed = True
        await self._tasks.drain(grace_s)
        await self._tasks.close()

    async def _tell_all(self, line: str) -> None:
        try:
            servers = await self._channels()
        except StoreError as error:
            log.warning("log_channels_not_read", extra={"error": str(error)})
            return
        for guild_id in servers:
            self.tell(guild_id, line)

    async def _write_all(self, guild_id: int, page: _Page) -> None:
        """Write the pending lines, several in a message, until there are none."""
        try:
            while page.lines:
                await self._write_some(guild_id, page)
        except (OSError, StoreError) as error:
            log.warning("log_line_lost", extra={"guild_id": guild_id, "error": str(error)})
            page.lines.clear()
        except Exception:
            log.exception("log_line_lost", extra={"guild_id": guild_id})
            self._count("log_channel")
            page.lines.clear()
        finally:
            page.writing = None
            if not page.lines and page.trouble is None:
                self._pages.pop(guild_id, None)

    async def _write_some(self, guild_id: int, page: _Page) -> None:
        channel_id = await self._channel_of(guild_id)
        if channel_id != page.channel_id:  # a new channel starts without the old one's trouble
            page.channel_id, page.trouble, page.told, page.quiet_until_s = channel_id, None, False, 0.0
        if channel_id is None or self._clock.monotonic() < page.quiet_until_s:
            page.lines.clear()
            page.left_out = 0
            return
        try:
            await self._post(guild_id, channel_id, _next_message(page))
        except NotWritable as error:
            page.trouble = str(error)
            page.quiet_until_s = self._clock.monotonic() + _LEFT_ALONE_S
            log.info("log_channel_unusable", extra={"guild_id": guild_id, "reason": page.trouble})
        else:
            page.trouble, page.told = None, False


def _next_message(page: _Page) -> str:
    """As many of the oldest lines as fit into one message."""
    taken: list[str] = []
    if page.left_out:
        taken.append("-# " + ENGLISH("log.left_out", count=page.left_out))
        page.left_out = 0
    room = _MOST_CHARACTERS - sum(map(len, taken))
    while page.lines and room > len(page.lines[0]):
        taken.append(page.lines.popleft())
        room -= len(taken[-1]) + 1
    return "\n".join(taken) or page.lines.popleft()
