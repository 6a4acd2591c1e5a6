"""The Discord client: its connector's limit, its extensions and commands, its one error handler."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.domain.errors import Refusal, StoreError
from bot.interactions.command_options import check_options
from bot.interactions.dedupe import SeenInteractions, comes_first
from bot.interactions.error_replies import answer_error
from bot.interactions.offered import not_offered
from bot.interactions.responses import sent_surely
from bot.interactions.unreadable import UnreadableInteractions
from bot.localization.discord_locale import CatalogueTranslator, digest_of_phrases
from bot.ops.gateway_events import MalformedTraffic, reconnect_on_broken_frames, skip_malformed_events
from bot.ops.skip_errors import Count, uncounted
from bot.registry import Components
from bot.ui.access import check_audience
from bot.ui.confirm import DRAFT_BUTTONS
from bot.ui.dynamic_items import nobody_pressed
from bot.ui.modals import Forms
from bot.ui.order_buttons import ALL_BUTTONS
from bot.ui.owner import ResumeButton
from bot.ui.picture_buttons import PICTURE_BUTTONS
from bot.ui.picture_select import ChoosePicture

log = logging.getLogger(__name__)

EXTENSIONS: Final = (
    "cogs.imagine",
    "cogs.posted",
    "cogs.remix",
    "cogs.queue",
    "cogs.style",
    "cogs.privacy",
    "cogs.quotas",
    "cogs.moderation",
    "cogs.usage",
    "cogs.settings",
    "cogs.owner",
    "cogs.help",
)
_ANSWERING: Final = ("CommandTree-invoker", "discord-ui-", "discord.py: on_interaction")
"""How discord.py names the tasks in which interactions are answered."""
_BAD_REQUEST: Final = 400
_CONNECTIONS: Final = 64
"""discord.py opens connections without limit; in bursts their handshakes delay acknowledgements beyond 3 s."""


class CommandTree(app_commands.CommandTree["ImagineBot"]):
    """The tree whose every error is told by the one handler."""

    async def interaction_check(self, interaction: discord.Interaction[ImagineBot], /) -> bool:
        """Answer each command once, to whom it is for, and only with values that it offers; autocompletes too."""
        if not comes_first(interaction):
            return False
        try:
            check_options(interaction, self._command_named)
            if interaction.command is not None:
                check_audience(interaction, interaction.command, self.client.services.owners.check)
        except (Refusal, app_commands.CommandSignatureMismatch) as refusal:
            await self._refuse(interaction, refusal)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction[ImagineBot], error: app_commands.AppCommandError) -> None:
        """Log and tell an error of any command; an autocompletion has no place for a sentence."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("autocomplete_failed", extra={"interaction_id": interaction.id, "error": type(error).__name__})
            return
        await answer_error(interaction, error)

    async def _call(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Count and refuse whatever discord.py cannot read: it would only log that a task of its own failed."""
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever discord.py raises for data of the wrong shape
            self.client.malformed.skipped("INTERACTION_CREATE", error, kind=interaction.type.value)
            await self._refuse(interaction, Refusal("command_unreadable"))

    async def _refuse(self, interaction: discord.Interaction[ImagineBot], refusal: Exception) -> None:
        if interaction.type is not discord.InteractionType.autocomplete:
            await answer_error(interaction, refusal)
        elif not interaction.response.is_done():
            await sent_surely(lambda: interaction.response.autocomplete([]))

    def _command_named(self, names: Sequence[str]) -> app_commands.Command[Any, ..., Any] | None:
        found: Any = self.get_command(names[0])
        for name in names[1:]:
            found = found.get_command(name) if isinstance(found, app_commands.Group) else None
        return found if isinstance(found, app_commands.Command) else None


class ImagineBot(commands.AutoShardedBot):
    """A client without privileged intents, caches or prefix commands.

    `build` builds what runs around the client, services included: these write through it, and it answers with them.
    """

    def __init__(
        self,
        *,
        api_url: str,
        cdn_hosts: Collection[str] = (),
        shard_count: int | None = None,
        shard_ids: tuple[int, ...] | None = None,
        build: Callable[[ImagineBot], Components],
        last_synced: Callable[[], Awaitable[str | None]],
        remember_synced: Callable[[str], Awaitable[None]],
        count_malformed: Count = uncounted,
    ) -> None:
        # These addresses are class attributes in discord.py: there is one Discord in a process.
        Route.BASE = api_url
        # Avatars and stickers come without an address of their own; a stand-in has them where its API is.
        if urlsplit(api_url).netloc in cdn_hosts:
            discord.Asset.BASE = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
        # No voice here, so no advice to install what voice needs.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=CommandTree,
            # Invited to a server, or installed by a member, who takes it along everywhere.
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            shard_count=shard_count,
            shard_ids=cast(list[int], list(shard_ids) if shard_ids else None),  # None is its own default
        )
        self.malformed = MalformedTraffic(count_malformed)
        self.seen = SeenInteractions()
        self._unreadable = UnreadableInteractions(self, self.seen)
        skip_malformed_events(self, self.malformed, self._unreadable.answer)
        reconnect_on_broken_frames(self.malformed)
        self.accepted = False
        """Whether Discord took the token and answered as Discord does."""
        self._forms = Forms()
        self._last_synced = last_synced
        self._remember_synced = remember_synced
        self.components = build(self)
        self.services = self.components.services

    async def setup_hook(self) -> None:
        """Load what the gateway will ask for, and register commands if they changed."""
        self.accepted = True
        self.loop.set_exception_handler(self._task_was_lost)
        await self.tree.set_translator(CatalogueTranslator())
        self.add_dynamic_items(*ALL_BUTTONS, *PICTURE_BUTTONS, *DRAFT_BUTTONS, ChoosePicture, ResumeButton)
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        # discord.py goes to its default gateway after a refused resume, and always with a configured shard count.
        _, url, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        await self._sync_commands()

    async def on_ready(self) -> None:
        """Say that the gateway is there."""
        log.info("gateway_ready", extra={"guilds": len(self.guilds), "shards": self.shard_count})

    async def on_interaction(self, interaction: discord.Interaction[ImagineBot]) -> None:
        """Answer forms, and what is pressed that no message offers; all else has found its own way."""
        if interaction.type is discord.InteractionType.modal_submit:
            await self._forms.answer(interaction)
        elif nobody_pressed(interaction) and comes_first(interaction):
            await answer_error(interaction, not_offered())

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log and count an event whose handler failed; discord.py goes on with the next one."""
        log.error("event_handler_failed", extra={"handler": event_method}, exc_info=sys.exc_info())
        self.malformed.failed(event_method)

    def _task_was_lost(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Count what discord.py's tasks raise before they reach a handler of ours; everything else as usual."""
        task, error = context.get("future"), context.get("exception")
        if isinstance(error, Exception) and isinstance(task, asyncio.Task) and task.get_name().startswith(_ANSWERING):
            self.malformed.skipped("INTERACTION_CREATE", error)
        else:
            loop.default_exception_handler(context)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Note a lost gateway connection; discord.py resumes it."""
        log.warning("gateway_disconnected", extra={"shard": shard_id})

    async def finish_commands(self, *, grace_s: float) -> None:
        """Give commands, buttons and forms that are being answered some time; what takes longer is cut off."""
        answering = [task for task in asyncio.all_tasks() if task.get_name().startswith(_ANSWERING)]
        if answering:
            await asyncio.wait(answering, timeout=grace_s)
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)

    async def close(self) -> None:
        """Close the gateway; nothing is answered any more."""
        await self.finish_commands(grace_s=0)
        await self._unreadable.close()
        await super().close()

    async def _sync_commands(self) -> None:
        """Register the commands unless the ones registered by this installation are the same and still there."""
        digest = self._digest_of_commands()
        if await self._last_synced() == digest and await self._names_registered() == self._names_here():
            log.info("commands_unchanged")
            return
        try:
            synced = await self.tree.sync()
        except discord.HTTPException as error:
            if error.status != _BAD_REQUEST:
                raise
            # An application that members cannot install themselves may not offer commands for that.
            log.warning("commands_registered_for_servers_alone", extra={"reason": error.text})
            self.tree.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
            self.tree.allowed_contexts = app_commands.AppCommandContext(guild=True, dm_channel=True)
            digest = self._digest_of_commands()  # another one, so that the next start tries again
            synced = await self.tree.sync()
        try:
            await self._remember_synced(digest)
        except StoreError:
            log.warning("commands_not_remembered")  # the next start registers them again
        log.info("commands_registered", extra={"count": len(synced)})

    def _digest_of_commands(self) -> str:
        described: list[Any] = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        described.append({"application": self.application_id, "phrases": digest_of_phrases()})
        return hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()

    def _names_here(self) -> set[tuple[str, int]]:
        return {
            (
                c.name,
                c.type.value if isinstance(c, app_commands.ContextMenu) else discord.AppCommandType.chat_input.value,
            )
            for c in self.tree.get_commands()
        }

    async def _names_registered(self) -> set[tuple[str, int]]:
        try:
            return {(command.name, command.type.value) for command in await self.tree.fetch_commands()}
        except discord.HTTPException:
            return set()
