"""The driver: what a member can do in the sandbox's server."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.discord.components import SELECTS, ComponentType, walk
from sandbox.discord.hub import Happening, Kind
from sandbox.discord.interactions import InteractionType
from sandbox.discord.messages import Upload
from sandbox.discord.model import Channel, ChannelType, Json, StoredMessage, User
from sandbox.discord.permissions import Permission
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import MEMBERS
from sandbox.driver.errors import DriverError
from sandbox.driver.events import Events
from sandbox.driver.interaction import Interaction
from sandbox.driver.invoking import (
    MESSAGE_MENU,
    SLASH,
    USER_MENU,
    command_data,
    descend,
    find_command,
    offered_commands,
)
from sandbox.driver.message import Message, snapshot
from sandbox.driver.modals import picked, submitted
from sandbox.driver.options import Resolved, chosen_options, focused_options

_NONE: Mapping[str, Any] = MappingProxyType({})
_SELECTED = {5: Resolved.user, 6: Resolved.role, 7: Resolved.mentionable, 8: Resolved.channel}
File = tuple[str, bytes]


class Driver:
    """Acts as a member, by name. Channels go by name too; "dm" is the member's own DM with the bot."""

    members = MEMBERS

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.world = server.world

    # Waiting and looking

    async def wait_for_bot(self, timeout_s: float = 15) -> None:
        """Wait until the bot is connected and has registered commands."""

        def ready() -> bool:
            return self.server.gateway.online and any(True for _ in self.world.commands.all())

        await self._wait_until(ready, timeout_s, "the bot did not come online with its commands")

    @property
    def bot_online(self) -> bool:
        """True while the bot has a gateway connection."""
        return self.server.gateway.online

    def channels(self, member: str) -> list[Json]:
        """The channels that a member sees, as id, name, topic and age restriction; the DM last."""
        user = self._user(member)
        seen = [c for c in self.world.guild_channels() if self.world.permissions(user, c) & Permission.VIEW_CHANNEL]
        listed = [{"id": c.id, "name": c.name, "topic": c.topic, "nsfw": c.nsfw} for c in seen]
        return [*listed, {"id": self.world.dm(user).id, "name": "dm", "topic": "Direct messages", "nsfw": False}]

    def commands(self, member: str, channel: str = "general") -> list[Json]:
        """The registered commands that Discord's client offers this member there, as the API gives them."""
        return offered_commands(self.world, self._user(member), self._channel(channel, member))

    def messages(self, viewer: str, channel: str = "general") -> list[Message]:
        """What a member sees in a channel, oldest first."""
        place = self._channel(channel, viewer)
        return [snapshot(m, self.world) for m in self.world.messages.of_channel(place.id) if self._sees(viewer, m)]

    def message(self, viewer: str, message_id: str) -> Message:
        """One message. Raises DriverError if the member does not see it."""
        return snapshot(self._stored(viewer, message_id), self.world)

    async def wait_message(
        self, predicate: Callable[[Message], bool], *, viewer: str, channel: str = "general", timeout_s: float = 10
    ) -> Message:
        """Wait for a message (there already, or to come) for which the predicate holds; the newest is tried first."""
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
        """Everything that happens from now on; close it when done."""
        return Events(self.world)

    # Acting

    def send(self, member: str, content: str = "", *, channel: str = "general", files: Iterable[File] = ()) -> Message:
        """Post a plain message, for example a picture to remix."""
        place = self._channel(channel, member)
        uploads = []
        for index, (name, data) in enumerate(files):
            path = self.world.files.new_path()
            path.write_bytes(data)
            uploads.append(Upload(index=index, filename=name, path=path, size=len(data)))
        message = self.world.messages.create(self._user(member), place, {"content": content}, uploads)
        return snapshot(message, self.world)

    def delete(self, member: str, message_id: str) -> None:
        """Delete a message: one's own, or anybody's with Manage Messages."""
        message = self._stored(member, message_id)
        user = self._user(member)
        granted = self.world.permissions(user, self.world.channels[message.channel_id])
        if message.author is not user and message.ephemeral_to is None and not granted & Permission.MANAGE_MESSAGES:
            raise DriverError(f"{member} may not delete that message")
        self.world.messages.delete(message)

    async def slash(
        self,
        member: str,
        command: str,
        options: Mapping[str, Any] = _NONE,
        *,
        channel: str = "general",
        files: Mapping[str, File] = _NONE,
    ) -> Interaction:
        """Send a slash command; `files` (or options) give attachments as (name, bytes). Returns without waiting."""
        name, *steps = command.split()
        found = self._find(member, name, channel, SLASH)
        path, specs = descend(found, steps)
        resolved = Resolved(self.world)
        chosen = chosen_options(specs, {**options, **files}, resolved)
        data = command_data(found, path, chosen, resolved)
        return self._start(InteractionType.COMMAND, member, channel, data)

    async def autocomplete(
        self,
        member: str,
        command: str,
        option: str,
        text: str,
        options: Mapping[str, Any] = _NONE,
        *,
        channel: str = "general",
        timeout_s: float = 3.5,
    ) -> list[Json]:
        """What the bot proposes while the member types `text` into an option."""
        name, *steps = command.split()
        found = self._find(member, name, channel, SLASH)
        path, specs = descend(found, steps)
        resolved = Resolved(self.world)
        chosen = focused_options(specs, options, option, text, resolved)
        data = command_data(found, path, chosen, resolved)
        interaction = self._start(InteractionType.AUTOCOMPLETE, member, channel, data)
        await interaction.acknowledged(timeout_s)
        return interaction.choices or []

    async def context_menu(
        self,
        member: str,
        command: str,
        *,
        target_message_id: str | None = None,
        target_user: str | None = None,
        channel: str = "general",
    ) -> Interaction:
        """Use a message's or a user's context menu."""
        kind = USER_MENU if target_message_id is None else MESSAGE_MENU
        found = self._find(member, command, channel, kind)
        resolved = Resolved(self.world)
        if target_message_id is not None:
            self._stored(member, target_message_id)
            target = resolved.message(target_message_id, self._channel(channel, member))
        else:
            target = resolved.user(target_user or "")
        data = {**command_data(found, [], [], resolved), "target_id": target}
        return self._start(InteractionType.COMMAND, member, channel, data)

    async def click(self, member: str, message_id: str, custom_id: str, *, channel: str = "general") -> Interaction:
        """Press a button."""
        message, button = self._component(member, message_id, custom_id)
        if button["type"] != ComponentType.BUTTON:
            raise DriverError(f"{custom_id!r} is not a button")
        data = {"custom_id": custom_id, "component_type": int(button["type"]), "id": button["id"]}
        return self._start(InteractionType.COMPONENT, member, channel, data, source=message)

    async def select(
        self, member: str, message_id: str, custom_id: str, values: Iterable[str], *, channel: str = "general"
    ) -> Interaction:
        """Choose in a select menu: option values (or labels), or names of members, roles or channels."""
        message, menu = self._component(member, message_id, custom_id)
        kind = menu["type"]
        if kind not in SELECTS:
            raise DriverError(f"{custom_id!r} is not a select menu")
        resolved, given = Resolved(self.world), list(values)
        least, most = menu.get("min_values", 1), menu.get("max_values", 1)
        if kind == ComponentType.STRING_SELECT:
            chosen = picked(menu, given, least=least, most=most)
        else:
            if not least <= len(given) <= most:
                raise DriverError(f"{custom_id!r} takes {least} to {most} values, not {len(given)}")
            chosen = [_SELECTED[kind](resolved, value) for value in given]
        data = {"custom_id": custom_id, "component_type": kind, "id": menu["id"], "values": chosen}
        if resolved.data:
            data["resolved"] = resolved.data
        return self._start(InteractionType.COMPONENT, member, channel, data, source=message)

    async def submit_modal(self, interaction: Interaction, values: Mapping[str, Any] = _NONE) -> Interaction:
        """Send the modal that this interaction opened, filled in by custom_id; a file is given as (name, bytes)."""
        modal = interaction.modal
        if modal is None:
            raise DriverError("that interaction opened no modal")
        resolved = Resolved(self.world)
        data = {"custom_id": modal["custom_id"], "components": submitted(modal, values, resolved)}
        if resolved.data:
            data["resolved"] = resolved.data
        opener = interaction.record
        record = self.world.interactions.create(
            InteractionType.MODAL_SUBMIT, opener.user, opener.channel, data, source=opener.source, opened_by=opener
        )
        return Interaction(record, self.world)

    def interaction(self, interaction_id: str) -> Interaction:
        """An interaction of late by its id. Raises DriverError."""
        record = self.world.interactions.get(interaction_id)
        if record is None:
            raise DriverError(f"there is no interaction {interaction_id}")
        return Interaction(record, self.world)

    # Inside

    def _start(
        self, kind: InteractionType, member: str, channel: str, data: Json, *, source: StoredMessage | None = None
    ) -> Interaction:
        place = self.world.channels[source.channel_id] if source else self._channel(channel, member)
        record = self.world.interactions.create(kind, self._user(member), place, data, source=source)
        return Interaction(record, self.world)

    def _find(self, member: str, name: str, channel: str, kind: int) -> Json:
        return find_command(self.world, self._user(member), self._channel(channel, member), name, kind)

    def _component(self, member: str, message_id: str, custom_id: str) -> tuple[StoredMessage, Json]:
        message = self._stored(member, message_id)
        for _, component in walk(message.components):
            if component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise DriverError(f"{custom_id!r} is disabled")
                return message, component
        raise DriverError(f"the message has no component {custom_id!r}")

    def _stored(self, viewer: str, message_id: str) -> StoredMessage:
        message = self.world.messages.find(message_id)
        if message is None or not self._sees(viewer, message):
            raise DriverError(f"{viewer} sees no message {message_id}")
        return message

    def _sees(self, viewer: str, message: StoredMessage) -> bool:
        user = self._user(viewer)
        channel = self.world.channels[message.channel_id]
        if channel.type is ChannelType.DM:
            return channel.recipient is user
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
        """The first message of the channel, new or changed, that the viewer sees and the predicate takes."""
        async for event in events:
            if event.message is None or event.message.channel_id != channel.id:
                continue
            stored = self.world.messages.find(event.message.id)
            if stored is not None and self._sees(viewer, stored) and predicate(event.message):
                return event.message
        raise DriverError("the stream of events ended")

    async def _wait_until(self, condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        """Look now and after each happening."""
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
