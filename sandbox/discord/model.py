"""The stand-in's objects as stored; `render.py` converts them to the JSON that clients receive."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any

from sandbox.discord.permissions import Overwrite

Json = dict[str, Any]


class ChannelType(IntEnum):
    """The channel types that the sandbox has."""

    GUILD_TEXT = 0
    DM = 1
    GUILD_VOICE = 2
    GROUP_DM = 3
    PUBLIC_THREAD = 11
    GUILD_FORUM = 15


class MessageType(IntEnum):
    """The message types that the sandbox has."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    CONTEXT_MENU_COMMAND = 23


class MessageFlag(IntFlag):
    """Message flags that the stand-in supports."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    HAS_SNAPSHOT = 1 << 14
    IS_COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, kw_only=True)
class User:
    """A person or the bot."""

    id: str
    username: str
    global_name: str | None
    bot: bool = False
    locale: str = "en-US"
    accepts_dms: bool = True


@dataclass(slots=True, kw_only=True)
class Role:
    """A guild's role; the one with the guild's id is @everyone."""

    id: str
    name: str
    permissions: int
    position: int
    color: int = 0
    managed_by: str | None = None


@dataclass(slots=True, kw_only=True)
class Member:
    """A user in the guild."""

    user: User
    role_ids: list[str]
    joined_at: float


@dataclass(slots=True, kw_only=True)
class Channel:
    """A guild's channel or thread, a DM between the bot and one user, or a group DM between users.

    With `members_app` the bot is not a member there: it is installed by users and can only answer their interactions. A
    thread names its `parent_id`; one in a forum is a post, and a forum contains nothing else. `people` are the members
    of a group DM.
    """

    id: str
    type: ChannelType
    name: str = ""
    guild_id: str | None = None
    recipient: User | None = None
    people: tuple[User, ...] = ()
    parent_id: str | None = None
    owner_id: str | None = None
    nsfw: bool = False
    members_app: bool = False
    topic: str | None = None
    position: int = 0
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    last_message_id: str | None = None

    @property
    def private(self) -> bool:
        """True for direct messages, with the bot or between users: they belong to no server."""
        return self.type in (ChannelType.DM, ChannelType.GROUP_DM)

    @property
    def context(self) -> int:
        """Discord's interaction context type: 0 a server, 1 a DM with the bot, 2 a DM between users."""
        return {ChannelType.DM: 1, ChannelType.GROUP_DM: 2}.get(self.type, 0)


@dataclass(slots=True, kw_only=True)
class Guild:
    """The one server of the sandbox that invited the bot."""

    id: str
    name: str
    owner_id: str
    created_at: float
    premium_tier: int = 0
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Attachment:
    """A stored file. `folder` and `owner_id` are the first two segments of its CDN path."""

    id: str
    filename: str
    size: int
    content_type: str
    path: Path
    folder: str
    owner_id: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    spoiler: bool = False


class StickerFormat(IntEnum):
    """A sticker's file format; lottie is an animation in JSON, not a picture."""

    PNG = 1
    APNG = 2
    LOTTIE = 3
    GIF = 4

    @property
    def extension(self) -> str:
        """The file extension of its address on the CDN."""
        return {StickerFormat.LOTTIE: "json", StickerFormat.GIF: "gif"}.get(self, "png")


@dataclass(slots=True, kw_only=True)
class Sticker:
    """A sticker that members may send."""

    id: str
    name: str
    format: StickerFormat
    data: bytes


@dataclass(slots=True, kw_only=True)
class StoredMessage:
    """A message; media in `components` and `embeds` refer to attachments by id, URLs are signed when rendered.

    `snapshots` are copies of the messages that this one forwards.
    """

    id: str
    channel_id: str
    author: User
    type: MessageType = MessageType.DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    stickers: list[Sticker] = field(default_factory=list)
    snapshots: list["StoredMessage"] = field(default_factory=list)
    flags: int = 0
    ephemeral_to: str | None = None
    allowed_mentions: Json | None = None
    interaction: Json | None = None
    webhook_id: str | None = None
    nonce: str | int | None = None
    reference: Json | None = None
    created_at: float = 0.0
    edited_at: float | None = None
    edits: int = 0

    @property
    def loading(self) -> bool:
        """True while this is a deferral that shows "thinking"."""
        return bool(self.flags & MessageFlag.LOADING)

    @property
    def components_v2(self) -> bool:
        """True if the message uses components v2, which can't be undone."""
        return bool(self.flags & MessageFlag.IS_COMPONENTS_V2)
