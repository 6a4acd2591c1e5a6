"""Logs, counts and skips gateway traffic that discord.py cannot parse, so that it does not end the process.

A dispatched event is skipped. A frame that is not an event (broken JSON, no op code, a HELLO without its interval)
leaves the connection in an unknown state: the session is resumed, and if the same frame arrives again, discord.py backs
off and identifies again. Only a READY that cannot be parsed, and many broken frames in a row, are raised.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Final

import aiohttp
import discord
import discord.shard
from discord.gateway import DiscordWebSocket, ReconnectWebSocket, WebSocketClosure

from bot.ops.interaction_payload import check_interaction

log = logging.getLogger(__name__)

_NEEDED: Final = frozenset({"READY"})
"""Without it there is no session: a client that skipped it would wait forever."""
_CHECKS: Final[dict[str, Callable[[Any], None]]] = {"INTERACTION_CREATE": check_interaction}
_FRAMES_IN_A_ROW: Final = 5
_PASSES_ON: Final = (
    ReconnectWebSocket,
    WebSocketClosure,
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,  # includes time-outs
)
"""What discord.py itself raises to reconnect or to end."""


class UnreadableSessionError(Exception):
    """A READY cannot be parsed, or too many frames in a row; its cause is the parser's exception."""


class UnreadableFrameError(ConnectionError):
    """A frame cannot be parsed. After an OSError discord.py waits a while and identifies again."""


class MalformedTraffic:
    """Logs and counts skipped traffic by event name. Contents are never logged because they may contain tokens."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._frames_in_a_row: Counter[int | None] = Counter()

    def skipped(self, event: str, error: BaseException, *, kind: object = None) -> None:
        """Record a skipped event; `kind` is an interaction's type."""
        self._count(event)
        fields = {"gateway_event": event, "error": type(error).__name__, "at": _where(error.__traceback__)}
        if isinstance(kind, int):
            fields["kind"] = str(kind)[:8]
        log.warning("gateway_event_malformed", extra=fields)

    def failed(self, handler: str) -> None:
        """Count an event that was parsed but whose handler failed."""
        self._count(handler)

    def broken_frame(self, shard_id: int | None, error: Exception) -> int:
        """Record an unreadable frame; returns how many there were in a row on this shard."""
        self._frames_in_a_row[shard_id] += 1
        self.skipped("frame", error)
        return self._frames_in_a_row[shard_id]

    def good_frame(self, shard_id: int | None) -> None:
        """Reset the shard's count of consecutive broken frames."""
        self._frames_in_a_row.pop(shard_id, None)


def skip_malformed_events(
    client: discord.Client, traffic: MalformedTraffic, answer_unreadable: Callable[[object], None]
) -> None:
    """Make every parser of this client's connection skip what it cannot parse; called once, before it connects.

    `answer_unreadable` gets the raw payload of each interaction that is skipped.
    """
    parsers = client._connection.parsers  # noqa: SLF001 - the only table through which every event passes
    for name, parse in parsers.items():
        parsers[name] = partial(_parsed, traffic, answer_unreadable, name, parse)


def reconnect_on_broken_frames(traffic: MalformedTraffic) -> None:
    """Make this process's shards use a connection that survives broken frames."""
    discord.shard.DiscordWebSocket = _connection_class(traffic)  # type: ignore[misc] # from_client has no other hook


def _parsed(
    traffic: MalformedTraffic,
    answer_unreadable: Callable[[object], None],
    name: str,
    parse: Callable[[Any], None],
    data: Any,
) -> None:
    try:
        if check := _CHECKS.get(name):
            check(data)
        parse(data)
    except Exception as error:
        if name in _NEEDED:
            raise UnreadableSessionError(name) from error
        traffic.skipped(name, error, kind=data.get("type") if isinstance(data, dict) else None)
        if name == "INTERACTION_CREATE":
            answer_unreadable(data)


def _connection_class(traffic: MalformedTraffic) -> type[DiscordWebSocket]:
    class Connection(DiscordWebSocket):
        async def received_message(self, msg: Any, /) -> None:
            last_sequence = self.sequence
            try:
                await super().received_message(msg)
                _check_sequence(self.sequence)
            except (*_PASSES_ON, UnreadableSessionError):
                raise
            except Exception as error:  # noqa: BLE001 - anything that a JSON, zlib or op code parser raises
                self.sequence = last_sequence
                await self._recover(error)
            if self.sequence != last_sequence:
                traffic.good_frame(self.shard_id)

        async def _recover(self, error: Exception) -> None:
            """Close the connection and raise the error that makes discord.py open the next one."""
            in_a_row = traffic.broken_frame(self.shard_id, error)
            if in_a_row >= _FRAMES_IN_A_ROW:
                raise UnreadableSessionError("frame") from error
            await self.close()  # with a close code that keeps the session
            if in_a_row == 1 and self.session_id is not None and self.sequence is not None:
                raise ReconnectWebSocket(self.shard_id) from None
            raise UnreadableFrameError("The gateway sent a frame that cannot be read") from None

    return Connection


def _check_sequence(sequence: object) -> None:
    """Heartbeats and RESUME send it back: Discord closes each connection whose sequence is not a number."""
    if not isinstance(sequence, int | None):
        raise TypeError("the sequence number is of another type")


def _where(traceback: TracebackType | None) -> str:
    """File and line of the innermost frame."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    return f"{traceback.tb_frame.f_code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno}"
