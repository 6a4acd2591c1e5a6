"""Live updates as server-sent events: one stream per open page, always the current state, never a backlog."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from aiohttp import web

from sandbox.discord import World
from sandbox.discord.hub import Happening, Kind
from sandbox.page.view import Json, channels_of, everything, message_view, sees

_MESSAGE_KINDS = frozenset({Kind.MESSAGE_CREATED, Kind.MESSAGE_UPDATED, Kind.MESSAGE_DELETED})
# The panel's figures (log lines, balance, counters) have no events of their own: they are polled at this interval.
_PANEL_EVERY_S = 0.4
# Some browsers and proxies close an idle connection, and only a write detects that the reader has disconnected.
_SIGN_OF_LIFE_EVERY_S = 10.0

# Browsers wait some seconds before they reconnect a stream; this shortens it to reach a restarted sandbox at once.
_RETRY = b"retry: 700\n\n"


class Stream:
    """Collects what changed for one member since the last update was sent."""

    def __init__(self, world: World, member: str, cdn_host: str, panel: Callable[[], Json]) -> None:
        self._world = world
        self._viewer = world.user(member)
        self._cdn_host = cdn_host
        self._panel = panel
        self._changed_messages: dict[str, str] = {}
        self._commands_changed = False
        self._wake = asyncio.Event()
        self._closed = False
        self._panel_text = ""

    def close(self) -> None:
        """End the stream."""
        self._closed = True
        self._wake.set()

    def listen(self, happening: Happening) -> None:
        """Record an event; rendering happens when it is sent, so that several changes at once are rendered once."""
        if happening.kind in _MESSAGE_KINDS and happening.message is not None:
            self._changed_messages[happening.message.id] = happening.message.channel_id
        elif happening.kind is Kind.COMMANDS_CHANGED:
            self._commands_changed = True
        self._wake.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Write events until the page disconnects or the server closes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        # A page that disconnects is the normal end of a stream.
        with contextlib.suppress(ConnectionResetError):
            await response.write(_RETRY + _event("hello", everything(self._world, self._viewer, self._cdn_host)))
            await self._write_changes(response)
        return response

    async def _write_changes(self, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        last_written = loop.time()
        while not self._closed:
            events = self._take_events()
            if not events and loop.time() - last_written > _SIGN_OF_LIFE_EVERY_S:
                events = b": still here\n\n"
            if events:
                await response.write(events)
                last_written = loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PANEL_EVERY_S):
                    await self._wake.wait()

    def _take_events(self) -> bytes:
        self._wake.clear()
        events = b"".join(_event("messages", batch) for batch in self._message_batches())
        if self._commands_changed:
            self._commands_changed = False
            events += _event("commands", {})
        panel = self._panel()
        if (text := json.dumps(panel)) != self._panel_text:
            self._panel_text = text
            events += _event("panel", panel)
        return events

    def _message_batches(self) -> list[Json]:
        """The changed messages in their current state, by channel."""
        changed, self._changed_messages = self._changed_messages, {}
        keys = {channel.id: key for key, channel in channels_of(self._world, self._viewer).items()}
        batches: dict[str, Json] = {}
        for message_id, channel_id in changed.items():
            key = keys.get(channel_id)
            if key is None:
                continue
            batch = batches.setdefault(key, {"channel": key, "upsert": [], "remove": []})
            message = self._world.messages.find(message_id)
            if message is None:
                batch["remove"].append(message_id)
            elif sees(self._viewer, message):
                batch["upsert"].append(message_view(self._world, message))
        return [batch for batch in batches.values() if batch["upsert"] or batch["remove"]]


def _event(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
