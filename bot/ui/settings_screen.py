"""`/settings show`: all settings of a server on one screen. Each choice is saved at once, and the screen updated."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.picture import DEFAULT_RESOLUTION, DEFAULT_SIZE, SIZES, Resolution
from bot.domain.rules import MAX_NAMED, ServerRules, Setting, SpoilerRule
from bot.interactions.offered import Value
from bot.interactions.responses import edit_answer, note_press
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import channel_mention, mention, role_mention
from bot.ports.outputs import ServerLog
from bot.services.guild_rules import GuildRules
from bot.ui.access import Audience, Scope
from bot.ui.dynamic_items import DynamicPart, message_of
from bot.ui.form_binding import open_form
from bot.ui.notes import trouble_note
from bot.ui.word_rules import words_form

RESET: Final = "reset"
"""The choice that resets a setting; in selects of channels and roles, choosing nothing resets."""
_RETENTION_DAYS: Final = (1, 7, 30, 90, 365)
_CHANNELS: Final = (Setting.ALLOWED_CHANNELS, Setting.DENIED_CHANNELS)
_ROLES: Final = (Setting.ALLOWED_ROLES, Setting.DENIED_ROLES)
_CHOSEN: Final = (
    Setting.HIGHEST_RESOLUTION,
    Setting.DEFAULT_RESOLUTION,
    Setting.DEFAULT_SIZE,
    Setting.GROUNDING,
    Setting.SPOILER,
    Setting.RETENTION_DAYS,
)
_PLACES: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.category,
]
_WRITABLE: Final = [discord.ChannelType.text, discord.ChannelType.news]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The data of the screen. Channels and roles that are not in `known` are deleted: they are counted, not listed."""

    rules: ServerRules
    known: frozenset[int]
    trouble: str | None = None


class _Chosen(discord.SelectDefaultValue):
    """A channel or role that is selected by default; sends the id as a string, as Discord's API description has it."""

    def to_dict(self) -> Any:
        """The JSON for Discord."""
        return {"id": str(self.id), "type": self.type.value}


def manager_of(interaction: discord.Interaction[Any]) -> tuple[int, int]:
    """The server and the acting member; raises Refusal without Manage Server. Checked with every press."""
    if interaction.guild_id is None:
        raise Refusal("servers_only_here")
    if not interaction.permissions.manage_guild:
        raise Refusal("managers_only")
    return interaction.guild_id, interaction.user.id


class _SettingItem(DynamicPart[Any], template=r"never"):
    """A select for one setting, found by its custom id on any message, however old."""

    audience = Audience.MANAGERS
    scope = Scope.SERVER

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the select from a choice."""
        return cls(Setting(match["setting"]))

    def __init__(self, setting: Setting, screen: Screen | None = None) -> None:
        self.setting = setting
        super().__init__(self.select(screen or Screen(rules=ServerRules(), known=frozenset())))

    @abstractmethod
    def select(self, screen: Screen) -> ui.Item[Any]:
        """The select with the current rules."""

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Save the choice and update the screen."""
        guild_id, actor_id = manager_of(interaction)
        await note_press(interaction)
        await self.save(interaction, guild_id, actor_id, self.chosen)
        await show_screen(interaction)

    async def save(
        self, interaction: discord.Interaction[Any], guild_id: int, actor_id: int, values: Sequence[Value]
    ) -> None:
        """Store a choice, with an audit entry."""
        value = value_of(self.setting, values)
        told = ", ".join(_mentioned(self.setting, values)) if value is not None else RESET
        guild_rules = cast(GuildRules, interaction.client.services.guild_rules)
        await guild_rules.change(guild_id, actor_id, self.setting, value, f"{self.setting.value}: {told}")


class ChannelSetting(_SettingItem, template=r"settings:(?P<setting>allowed_channels|denied_channels|log_channel)"):
    """A setting of one or several channels."""

    def select(self, screen: Screen) -> ui.Item[Any]:
        """Several channels, or the one log channel."""
        one = self.setting is Setting.LOG_CHANNEL
        return ui.ChannelSelect(
            custom_id=f"settings:{self.setting.value}",
            channel_types=_WRITABLE if one else _PLACES,
            placeholder=ENGLISH(f"settings.{self.setting.value}_none"),
            min_values=0,
            max_values=1 if one else MAX_NAMED,
            default_values=_defaults(screen, self.setting, discord.SelectDefaultValueType.channel),
        )

    async def save(
        self, interaction: discord.Interaction[Any], guild_id: int, actor_id: int, values: Sequence[Value]
    ) -> None:
        """Store the choice; a log channel is written to at once, so that a failure is shown here."""
        await super().save(interaction, guild_id, actor_id, values)
        if self.setting is Setting.LOG_CHANNEL and values:
            log_writer = cast(ServerLog, interaction.client.services.server_log)
            log_writer.tell(guild_id, ENGLISH("log.begins", actor=mention(actor_id)))
            await log_writer.written(guild_id)


class RoleSetting(_SettingItem, template=r"settings:(?P<setting>allowed_roles|denied_roles)"):
    """A setting of roles."""

    def select(self, screen: Screen) -> ui.Item[Any]:
        """Several roles; @everyone may be among them and means every member."""
        return ui.RoleSelect(
            custom_id=f"settings:{self.setting.value}",
            placeholder=ENGLISH(f"settings.{self.setting.value}_none"),
            min_values=0,
            max_values=MAX_NAMED,
            default_values=_defaults(screen, self.setting, discord.SelectDefaultValueType.role),
        )


class ChoiceSetting(
    _SettingItem,
    template=r"settings:(?P<setting>highest_resolution|default_resolution|default_size|grounding|spoiler|retention_days)",
):
    """One of several values; the first one resets the setting."""

    def select(self, screen: Screen) -> ui.Item[Any]:
        """The values, with the current one selected."""
        choices = _choices(self.setting, screen.rules)
        holds = stored_choice(self.setting, screen.rules)
        options = [
            discord.SelectOption(label=label, value=value, default=value == holds) for value, label in choices.items()
        ]
        return ui.Select(custom_id=f"settings:{self.setting.value}", options=options)


class AddWordsButton(DynamicPart[ui.Button[Any]], template=r"settings:add_words"):
    """Opens the form of a word rule."""

    audience = Audience.MANAGERS
    scope = Scope.SERVER

    def __init__(self) -> None:
        super().__init__(ui.Button(label=ENGLISH("settings.add_words"), custom_id="settings:add_words"))

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is only one
        """Rebuild the button from a press."""
        return cls()

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form; the permission is checked again when it is sent."""
        manager_of(interaction)
        form = words_form(interaction.id)
        await open_form(interaction, form)


SETTING_ITEMS: Final = (ChannelSetting, RoleSetting, ChoiceSetting, AddWordsButton)


async def show_screen(interaction: discord.Interaction[Any]) -> None:
    """Show the current rules, as the interaction's answer or in place of the screen that was pressed on."""
    services = interaction.client.services
    guild_id = interaction.guild_id or 0
    rules = await cast(GuildRules, services.guild_rules).of(guild_id)
    services.server_log.untold_trouble(guild_id)  # marks it as reported: the screen shows it
    screen = Screen(rules=rules, known=_known(interaction.guild, rules), trouble=services.server_log.trouble(guild_id))
    await edit_answer(interaction, view=settings_view(screen), allowed_mentions=discord.AllowedMentions.none())


def _known(guild: discord.Guild | None, rules: ServerRules) -> frozenset[int]:
    """The ids of a server's channels and roles; those in its rules if Discord has not sent the server yet."""
    if guild is None or not guild.channels:
        return frozenset().union(*(_ids(rules, setting) for setting in Setting))
    return frozenset(thing.id for thing in (*guild.channels, *guild.roles))


def settings_view(screen: Screen) -> ui.LayoutView:
    """The screen: 38 of the 40 components that a message may have."""
    container: ui.Container[ui.LayoutView] = ui.Container()
    container.add_item(ui.TextDisplay(ENGLISH("settings.heading")))
    items: list[_SettingItem] = [ChannelSetting(setting, screen) for setting in _CHANNELS]
    items += [RoleSetting(setting, screen) for setting in _ROLES]
    items += [ChoiceSetting(setting, screen) for setting in _CHOSEN]
    items.append(ChannelSetting(Setting.LOG_CHANNEL, screen))
    for item in items:
        container.add_item(ui.TextDisplay(_label(item.setting, screen)))
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(item)
        container.add_item(row)
    count = len(screen.rules.words)
    words = ENGLISH("settings.words", count=count) if count else ENGLISH("settings.no_words")
    container.add_item(ui.Section(words, accessory=AddWordsButton()))
    return message_of(container)


def value_of(setting: Setting, values: Sequence[Value]) -> object:
    """The value of a choice; None resets the setting."""
    if not values or values[0] == RESET:
        return None
    match setting:
        case Setting.DEFAULT_SIZE:
            return str(values[0])
        case Setting.DEFAULT_RESOLUTION | Setting.HIGHEST_RESOLUTION:
            return Resolution(str(values[0]))
        case Setting.GROUNDING:
            return values[0] == "on"
        case Setting.SPOILER:
            return SpoilerRule(str(values[0]))
        case Setting.LOG_CHANNEL | Setting.RETENTION_DAYS:
            return int(values[0])
        case _:
            return frozenset(map(int, values))


def stored_choice(setting: Setting, rules: ServerRules) -> str:
    """The value of a select for the current rule."""
    value = getattr(rules, setting)
    if value == getattr(ServerRules(), setting):
        return RESET
    return "off" if value is False else str(value)


def _choices(setting: Setting, rules: ServerRules) -> Mapping[str, str]:
    """The values of a select with their labels."""
    reset = {RESET: ENGLISH(f"settings.{setting.value}_none", size=DEFAULT_SIZE, resolution=DEFAULT_RESOLUTION.value)}
    match setting:
        case Setting.DEFAULT_SIZE:
            return {**reset, **{size: size for size in SIZES}}
        case Setting.DEFAULT_RESOLUTION | Setting.HIGHEST_RESOLUTION:
            return {**reset, **{resolution.value: resolution.value for resolution in Resolution}}
        case Setting.GROUNDING:
            return {**reset, "off": ENGLISH("settings.grounding_off")}
        case Setting.SPOILER:
            others = (SpoilerRule.AGE_RESTRICTED, SpoilerRule.ALWAYS)
            return {**reset, **{rule.value: ENGLISH(f"settings.spoiler_{rule.value}") for rule in others}}
        case _:
            days = sorted({*_RETENTION_DAYS, *([rules.retention_days] if rules.retention_days else [])})
            return {**reset, **{str(number): ENGLISH("settings.days", count=number) for number in days}}


def _label(setting: Setting, screen: Screen) -> str:
    """What a setting does, and its problem, if any."""
    label = ENGLISH(f"settings.{setting.value}")
    gone = len(_ids(screen.rules, setting) - screen.known)
    if gone:
        label += f"\n⚠️ {ENGLISH('settings.gone', count=gone)}"
    elif setting is Setting.LOG_CHANNEL:
        label += trouble_note(screen.trouble)
    return label


def _ids(rules: ServerRules, setting: Setting) -> frozenset[int]:
    """The channels or roles in a setting; empty for other settings."""
    if setting is Setting.LOG_CHANNEL:
        return frozenset() if rules.log_channel is None else frozenset({rules.log_channel})
    return cast(frozenset[int], getattr(rules, setting)) if setting in _CHANNELS + _ROLES else frozenset()


def _defaults(
    screen: Screen, setting: Setting, kind: discord.SelectDefaultValueType
) -> list[discord.SelectDefaultValue]:
    ids = sorted(_ids(screen.rules, setting) & screen.known)
    return [_Chosen(id=number, type=kind) for number in ids[:MAX_NAMED]]


def _mentioned(setting: Setting, values: Sequence[Value]) -> list[str]:
    """Values as they are written in the audit."""
    if setting in _ROLES:
        return [role_mention(int(value)) for value in values]
    if setting in _CHANNELS or setting is Setting.LOG_CHANNEL:
        return [channel_mention(int(value)) for value in values]
    return [str(value) for value in values]
