"""A small discord.py bot with every feature, to test the stand-in and the driver with a real client."""

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator
from typing import Any, Self

import discord
import discord.http
import pytest
from discord import app_commands

from sandbox.discord import DiscordServer
from sandbox.driver import Driver
from tests.sandbox.test_discord_cdn import picture


class Again(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"again:(?P<number>\d+)"):
    """A button that works after a restart."""

    def __init__(self, number: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, __: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Rebuilt from the custom_id."""
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Answer privately."""
        await interaction.response.send_message(f"again {self.number}", ephemeral=True)


class Form(discord.ui.Modal, title="Edit"):
    """A modal with a text, a select and files."""

    prompt: discord.ui.Label[Self] = discord.ui.Label(
        text="Prompt", component=discord.ui.TextInput(custom_id="prompt", default="old", max_length=20)
    )
    size: discord.ui.Label[Self] = discord.ui.Label(
        text="Size",
        component=discord.ui.Select(
            custom_id="size",
            options=[
                discord.SelectOption(label="Wide", value="16:9"),
                discord.SelectOption(label="Square", value="1:1"),
            ],
        ),
    )
    files: discord.ui.Label[Self] = discord.ui.Label(
        text="References", component=discord.ui.FileUpload(custom_id="files", required=False, max_values=3)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Reply with the submitted values."""
        prompt, size, files = self.prompt.component, self.size.component, self.files.component
        assert isinstance(prompt, discord.ui.TextInput)
        assert isinstance(size, discord.ui.Select)
        assert isinstance(files, discord.ui.FileUpload)
        sizes = [len(await attachment.read()) for attachment in files.values]
        await interaction.response.edit_message(content=f"{prompt.value} {size.values} {sizes}")


class SmallBot(discord.AutoShardedClient):
    """The client; its commands are made in `setup_hook`."""

    async def setup_hook(self) -> None:
        """Register the commands."""
        self.add_dynamic_items(Again)
        self.tree = app_commands.CommandTree(self)
        for command in (make_pic(), make_form(), make_slow(), make_remix(), make_who(), make_admin()):
            self.tree.add_command(command)
        await self.tree.sync()


def make_pic() -> app_commands.Command[Any, Any, Any]:
    """A deferral, then a card with a picture by multipart edit."""

    @app_commands.command(description="Make a picture")
    @app_commands.choices(size=[app_commands.Choice(name="Square", value="1:1")])
    async def pic(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 50],
        size: str = "16:9",
        count: app_commands.Range[int, 1, 4] = 1,
        image: discord.Attachment | None = None,
        style: str = "",
    ) -> None:
        await interaction.response.defer(thinking=True)
        reference = len(await image.read()) if image else 0
        view = discord.ui.LayoutView(timeout=None)
        container: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(
            discord.ui.TextDisplay(f"{prompt} {size} {count} {reference} {style}"),
            discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://p.png", description=prompt)),
        )
        container.add_item(discord.ui.ActionRow(Again(7)))
        view.add_item(container)
        await interaction.edit_original_response(view=view, attachments=[discord.File(io.BytesIO(picture()), "p.png")])

    @pic.autocomplete("style")
    async def styles(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in ("oil", "ink", "pencil") if current in name]

    return pic


def make_form() -> app_commands.Command[Any, Any, Any]:
    """Send a message with a button that opens a modal."""

    class View(discord.ui.View):
        @discord.ui.button(label="Edit", custom_id="edit")
        async def edit(self, interaction: discord.Interaction, _: discord.ui.Button[Self]) -> None:
            await interaction.response.send_modal(Form())

        @discord.ui.select(
            custom_id="pick",
            options=[discord.SelectOption(label="A", value="a"), discord.SelectOption(label="B", value="b")],
        )
        async def pick(self, interaction: discord.Interaction, select: discord.ui.Select[Self]) -> None:
            await interaction.response.send_message(f"picked {select.values}", ephemeral=True)

    @app_commands.command(description="A form")
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("form", view=View(timeout=None))

    return form


def make_slow() -> app_commands.Command[Any, Any, Any]:
    """Never respond."""

    @app_commands.command(description="Never answers")
    async def slow(_: discord.Interaction) -> None:
        return

    return slow


def make_remix() -> app_commands.ContextMenu:
    """Read the target message without the content intent."""

    @app_commands.context_menu(name="Remix")
    async def remix(interaction: discord.Interaction, message: discord.Message) -> None:
        data = [len(await attachment.read()) for attachment in message.attachments]
        await interaction.response.send_message(f"{message.content} by {message.author.name} {data}", ephemeral=True)

    return remix


def make_who() -> app_commands.ContextMenu:
    """Name a member."""

    @app_commands.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"{member.name} {member.guild_permissions.manage_guild}")

    return who


def make_admin() -> app_commands.Group:
    """Create a command group for members with Manage Server."""
    group = app_commands.Group(
        name="admin", description="Admin", default_permissions=discord.Permissions(manage_guild=True), guild_only=True
    )

    @group.command(name="stats", description="Figures")
    async def stats(interaction: discord.Interaction, member: discord.Member) -> None:
        assert isinstance(interaction.user, discord.Member)
        can = interaction.permissions.manage_messages
        await interaction.response.send_message(f"{member.name} {can}", ephemeral=True)

    return group


@contextlib.asynccontextmanager
async def running_bot(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmallBot]:
    """The bot, logged in at the stand-in; at the end it is closed and its task awaited."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
    monkeypatch.setattr(discord.Asset, "BASE", f"http://{server.cdn_host}")
    bot = SmallBot(intents=discord.Intents.default())
    task = asyncio.create_task(bot.start(server.world.token), name="small-bot")
    try:
        await Driver(server).wait_for_bot()
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)
