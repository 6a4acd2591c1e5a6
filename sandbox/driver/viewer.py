"""What a member sees in the sandbox, and waiting for it."""

import asyncio
from collections.abc import Callable

from sandbox.discord.hub import Happening, Kind
from sandbox.discord.model import Channel, ChannelType, Json, StoredMessage, User
from sandbox.discord.permissions import Permission
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import MEMBERS
from sandbox.driver.errors import DriverError
from sandbox.driver.events import Events
from sandbox.driver.invocation import offered_commands
from sandbox.driver.message import Message, snapshot


class Viewer:
    """Reads the sandbox as a member, by name."""

    members = MEMBERS

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.world = server.world

    async def wait_for_bot(self, timeout_s: float = 60) -> None:
        """Wait until the bot is connected and has registered commands."""

        def ready() -> bool:
            return self.server.gateway.online and any(True for _ in self.world.commands.all())

        await self._wait_until(ready, timeout_s, "the bot did not come online with its commands")

    @property
    def bot_online(self) -> bool:
        """True while the bot has a gateway connection."""
        return self.server.gateway.online

    def channels(self, member: str) -> list[Json]:
        """The channels that a member sees, as id, name, topic and age restriction; the DM is last."""
        *seen, dm = self.world.open_to(self._user(member))
        listed = [{"id": c.id, "name": c.name, "topic": c.topic, "nsfw": c.nsfw} for c in seen]
        return [*listed, {"id": dm.id, "name": "dm", "topic": "Direct messages", "nsfw": False}]

    def commands(self, member: str, channel: str = "general") -> list[Json]:
        """The registered commands that Discord's client offers this member there, as the API returns them."""
        return offered_commands(self.world, self._user(member), self._channel(channel, member))

    def messages(self, viewer: str, channel: str = "general") -> list[Message]:
        """The messages that a member sees in a channel, oldest first."""
        place = self._channel(channel, viewer)
        return [snapshot(m, self.world) for m in self.world.messages.of_channel(place.id) if self._sees(viewer, m)]

    def message(self, viewer: str, message_id: str) -> Message:
        """One message. Raises DriverError if the member does not see it."""
        return snapshot(self._stored(viewer, message_id), self.world)

    async def wait_message(
        self, predicate: Callable[[Message], bool], *, viewer: str, channel: str = "general", timeout_s: float = 30
    ) -> Message:
        """Wait for a message, existing or new, for which the predicate holds; the newest is checked first."""
        events = self.subscribe()
        try:
            for message in reversed(self.messages(viewer, channel)):
                if predicate(message):
                    return message
            async with asyncio.timeout(timeout_s):
                return await self._next_message(events, predicate, viewer, self._channel(channel, viewer))
        except TimeoutError:
            raise DriverError(f"no such message in {channel} for {viewer} within {timeout_s} s") from None
        finally:
            events.close()

    def subscribe(self) -> Events:
        """All events from now on; close it when done."""
        return Events(self.world)

    # Internal

    def _stored(self, viewer: str, message_id: str) -> StoredMessage:
        message = self.world.messages.find(message_id)
        if message is None or not self._sees(viewer, message):
            raise DriverError(f"{viewer} sees no message {message_id}")
        return message

    def _sees(self, viewer: str, message: StoredMessage) -> bool:
        user = self._user(viewer)
        channel = self.world.channels[message.channel_id]
        if channel.type is ChannelType.DM:
            return channel.recipient is user  # ephemeral or not: no other member is there
        return message.ephemeral_to in (None, user.id) and bool(
            self.world.permissions(user, channel) & Permission.VIEW_CHANNEL
        )

    def _user(self, member: str) -> User:
        try:
            return self.world.user(member)
        except KeyError as error:
            raise DriverError(str(error)) from error

    def _channel(self, channel: str, member: str) -> Channel:
        try:
            return self.world.channel(channel, member)
        except KeyError as error:
            raise DriverError(str(error)) from error

    async def _next_message(
        self, events: Events, predicate: Callable[[Message], bool], viewer: str, channel: Channel
    ) -> Message:
        """The first message of the channel, new or changed, that the viewer sees and for which the predicate holds."""
        async for event in events:
            if event.message is None or event.message.channel_id != channel.id:
                continue
            stored = self.world.messages.find(event.message.id)
            if stored is not None and self._sees(viewer, stored) and predicate(event.message):
                return event.message
        raise DriverError("the stream of events ended")

    async def _wait_until(self, condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        """Check the condition now and after each event; raises DriverError after `timeout_s` seconds."""
        changed = asyncio.Event()

        def on_happening(happening: Happening) -> None:
            if happening.kind is not Kind.CHANNEL_UPDATED:
                changed.set()

        stop = self.world.hub.listen(on_happening)
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            raise DriverError(f"{otherwise} within {timeout_s} s") from None
        finally:
            stop()
