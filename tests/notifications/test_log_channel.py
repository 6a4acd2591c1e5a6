"""Messages in servers' log channels: in order, batched, and never blocking other work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.notifications.log_channel import ChannelPoster, LogChannelWriter, NotWritable
from tests.support.build import CHANNEL, GUILD
from tests.support.clock import FakeClock

OTHER_GUILD, SILENT_GUILD = 50, 51


class Board:
    """A Post, and the channels that servers chose; failures are scripted."""

    def __init__(self) -> None:
        self.channels: dict[int, int] = {GUILD: CHANNEL, OTHER_GUILD: 60}
        self.posts: list[tuple[int, str]] = []
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def post(self, guild_id: int, channel_id: int, text: str) -> None:
        """Record the message, or fail."""
        await self.open.wait()
        assert self.channels[guild_id] == channel_id
        self.posts.append((channel_id, text))
        if self.failure is not None:
            raise self.failure

    async def channel_of(self, guild_id: int) -> int | None:
        """The server's channel."""
        return self.channels.get(guild_id)

    async def all(self) -> Mapping[int, int]:
        """All servers with a channel."""
        return self.channels


@pytest.fixture
def board() -> Board:
    """Two servers with a log channel."""
    return Board()


@pytest.fixture
async def log_writer(board: Board, clock: FakeClock) -> AsyncIterator[LogChannelWriter]:
    """A log writer without pending lines."""
    made = LogChannelWriter(board.post, clock, channel_of=board.channel_of, channels=board.all)
    yield made
    await made.close(grace_s=0.05)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stops."""
    return FakeClock(automatic=False)


async def written(log_writer: LogChannelWriter) -> None:
    """Wait until all lines are written."""
    async with asyncio.timeout(10):
        while log_writer._tasks:
            await log_writer._tasks.drain(1)


async def test_pending_lines_are_one_message(log_writer: LogChannelWriter, board: Board) -> None:
    """In order; Discord allows five messages in five seconds."""
    for line in ("one", "two", "three"):
        log_writer.tell(GUILD, line)
    await written(log_writer)
    assert board.posts == [(CHANNEL, "one\ntwo\nthree")]


async def test_messages_stay_within_discords_limit_and_lose_no_line(log_writer: LogChannelWriter, board: Board) -> None:
    """2,000 characters each, also for a line that fills a message."""
    lines = ["a" * 1_999, "b" * 2_000, "c" * 2_500, "d", "e" * 1_997, "f"]
    for line in lines:
        log_writer.tell(GUILD, line)
    await written(log_writer)
    assert all(len(text) <= 2_000 for _, text in board.posts)
    assert "".join(text for _, text in board.posts).replace("\n", "") == "".join(line[:2_000] for line in lines)


async def test_only_the_latest_of_too_many_lines_are_written(log_writer: LogChannelWriter, board: Board) -> None:
    """The omitted ones are counted."""
    for number in range(130):
        log_writer.tell(GUILD, f"line {number}")
    await written(log_writer)
    assert board.posts[0][1].startswith("-# 30 lines before this are left out\nline 30\n")
    assert board.posts[-1][1].endswith("line 129")


async def test_a_server_without_a_log_channel_gets_no_lines(log_writer: LogChannelWriter, board: Board) -> None:
    """Lines for all servers still reach the others."""
    log_writer.tell(SILENT_GUILD, "nobody reads this")
    log_writer.tell_everywhere("for all")
    await written(log_writer)
    await written(log_writer)
    assert sorted(board.posts) == [(CHANNEL, "for all"), (60, "for all")]


@pytest.mark.parametrize("reason", ["gone", "forbidden"])
async def test_failing_channel_is_reported_once_and_paused(
    log_writer: LogChannelWriter, board: Board, clock: FakeClock, reason: str
) -> None:
    """For some minutes; when it works again, nothing is pending."""
    board.failure = NotWritable(reason)
    log_writer.tell(GUILD, "one")
    await written(log_writer)
    assert (log_writer.untold_trouble(GUILD), log_writer.untold_trouble(GUILD)) == (reason, None)
    assert log_writer.trouble(GUILD) == reason
    log_writer.tell(GUILD, "two")
    await written(log_writer)
    assert len(board.posts) == 1
    clock.shift(601)
    board.failure = None
    log_writer.tell(GUILD, "three")
    await written(log_writer)
    assert board.posts[-1] == (CHANNEL, "three")
    assert log_writer.trouble(GUILD) is None


async def test_new_channel_is_tried_at_once(log_writer: LogChannelWriter, board: Board) -> None:
    """The pause of the previous channel does not apply."""
    board.failure = NotWritable("forbidden")
    log_writer.tell(GUILD, "one")
    await written(log_writer)
    board.failure, board.channels[GUILD] = None, 61
    log_writer.tell(GUILD, "two")
    await written(log_writer)
    assert board.posts[-1] == (61, "two")
    assert log_writer.trouble(GUILD) is None


async def test_transient_error_costs_only_its_lines(log_writer: LogChannelWriter, board: Board) -> None:
    """Discord is down: the line is lost, the next is written."""
    board.failure = OSError("503")
    log_writer.tell(GUILD, "lost")
    await written(log_writer)
    board.failure = None
    log_writer.tell(GUILD, "kept")
    await written(log_writer)
    assert board.posts[-1] == (CHANNEL, "kept")


async def test_slow_server_delays_no_other(log_writer: LogChannelWriter, board: Board) -> None:
    """Each server's lines are written independently; adding a line never waits."""
    board.open.clear()
    log_writer.tell(GUILD, "slow")
    await asyncio.sleep(0)
    board.open.set()
    log_writer.tell(OTHER_GUILD, "quick")
    await written(log_writer)
    assert sorted(board.posts) == [(CHANNEL, "slow"), (60, "quick")]


class Discord:
    """A client that has some channels cached, and can fetch others."""

    def __init__(self, cached: Mapping[int, int | None], found: Mapping[int, int | None]) -> None:
        self._cached = cached
        self._found = found
        self.looked_up: list[int] = []
        self.sent: list[int] = []
        self.http = SimpleNamespace(get_channel=self._look_up)

    def get_channel(self, channel_id: int) -> Any:
        """A cached channel, with its server; None is a direct message."""
        if channel_id not in self._cached:
            return None
        guild_id = self._cached[channel_id]
        return SimpleNamespace(guild=None if guild_id is None else SimpleNamespace(id=guild_id))

    async def _look_up(self, channel_id: int) -> dict[str, str]:
        """Answer as Discord's API does."""
        self.looked_up.append(channel_id)
        guild_id = self._found[channel_id]
        return {"id": str(channel_id)} if guild_id is None else {"id": str(channel_id), "guild_id": str(guild_id)}

    def get_partial_messageable(self, channel_id: int, *, guild_id: int) -> Any:  # noqa: ARG002 - as discord.py
        """A channel to write to, whether it exists or not."""

        async def send(*_: object, **__: object) -> None:
            self.sent.append(channel_id)

        return SimpleNamespace(send=send)


async def test_another_servers_channel_is_never_written_to() -> None:
    """Cached or not, or a direct message: it counts as deleted, and the server's own channel is fetched once."""
    client = Discord(cached={1: GUILD, 2: OTHER_GUILD, 3: None}, found={4: GUILD, 5: OTHER_GUILD, 6: None})
    post = ChannelPoster(cast("discord.Client", client))
    for channel_id in (1, 2, 3, 4, 4, 5, 5, 6):
        try:
            await post(GUILD, channel_id, "a line")
        except NotWritable as error:
            assert (str(error), channel_id in {2, 3, 5, 6}) == ("gone", True)  # noqa: PT017 - each of several
    assert client.sent == [1, 4, 4]
    assert client.looked_up == [4, 5, 6]


async def test_unexpected_error_of_a_line_stops_no_other_server(log_writer: LogChannelWriter, board: Board) -> None:
    """It is lost and counted."""
    board.failure = ValueError("unforeseen")
    log_writer.tell(GUILD, "lost")
    await written(log_writer)
    board.failure = None
    log_writer.tell(OTHER_GUILD, "written")
    await written(log_writer)
    assert board.posts[-1] == (60, "written")
