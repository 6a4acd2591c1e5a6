"""The driver: the actions that a member can take in the sandbox."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.discord.command_rules import LOCALES
from sandbox.discord.components import SELECTS, ComponentType, walk
from sandbox.discord.interactions import InteractionType
from sandbox.discord.messages import Upload
from sandbox.discord.model import Json, StoredMessage
from sandbox.discord.permissions import Permission
from sandbox.driver.errors import DriverError
from sandbox.driver.interaction import Interaction
from sandbox.driver.invocation import (
    MESSAGE_MENU,
    SLASH,
    USER_MENU,
    command_data,
    descend,
    find_command,
)
from sandbox.driver.message import Message, snapshot
from sandbox.driver.modals import picked, submitted
from sandbox.driver.options import Resolved, chosen_options, focused_options
from sandbox.driver.viewer import Viewer

_NONE: Mapping[str, Any] = MappingProxyType({})
_SELECTED = {5: Resolved.user, 6: Resolved.role, 7: Resolved.mentionable, 8: Resolved.channel}
File = tuple[str, bytes]


class Driver(Viewer):
    """Reads and acts as a member, by name. Channels are given by name too; "dm" is the member's own DM with the bot."""

    def send(self, member: str, content: str = "", *, channel: str = "general", files: Iterable[File] = ()) -> Message:
        """Post a plain message, for example a picture to remix."""
        return self.post(member, {"content": content}, channel=channel, files=files)

    def post(self, author: str, body: Json, *, channel: str = "general", files: Iterable[File] = ()) -> Message:
        """Post any Create Message body: embeds and components (of other bots), stickers, replies."""
        place = self._channel(channel, author)
        uploads = []
        for index, (name, data) in enumerate(files):
            path = self.world.files.new_path()
            path.write_bytes(data)
            uploads.append(Upload(index=index, filename=name, path=path, size=len(data)))
        message = self.world.messages.create(self._user(author), place, body, uploads)
        return snapshot(message, self.world)

    def forward(self, member: str, message_id: str, *, channel: str = "general") -> Message:
        """Forward a message that the member sees to a channel."""
        original = self._stored(member, message_id)
        reference = {"type": 1, "message_id": original.id, "channel_id": original.channel_id}
        return self.post(member, {"message_reference": reference}, channel=channel)

    def delete(self, member: str, message_id: str) -> None:
        """Delete a message: one's own, or any with Manage Messages."""
        message = self._stored(member, message_id)
        user = self._user(member)
        granted = self.world.permissions(user, self.world.channels[message.channel_id])
        if message.author is not user and message.ephemeral_to is None and not granted & Permission.MANAGE_MESSAGES:
            raise DriverError(f"{member} may not delete that message")
        self.world.messages.delete(message)

    def set_locale(self, member: str, locale: str) -> None:
        """Set the locale of a member's client, which later interactions contain."""
        if locale not in LOCALES:
            raise DriverError(f"{locale!r} is not a locale of Discord")
        self._user(member).locale = locale

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
        """The bot's autocomplete choices while the member types `text` into an option."""
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
        """Submit the modal that this interaction opened, with values by custom_id; a file is given as (name, bytes)."""
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
        """A recent interaction by its id. Raises DriverError."""
        record = self.world.interactions.get(interaction_id)
        if record is None:
            raise DriverError(f"there is no interaction {interaction_id}")
        return Interaction(record, self.world)

    # Internal

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
