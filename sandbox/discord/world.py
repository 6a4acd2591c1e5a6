"""The state of the Discord stand-in: one server, its members and channels, one application, and all messages."""

import base64
import contextlib

from sandbox.discord.clock import Clock
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.contexts import places
from sandbox.discord.errors import unknown_channel
from sandbox.discord.files import FileStore
from sandbox.discord.hub import Hub, Kind
from sandbox.discord.ids import Snowflakes, fixed_id
from sandbox.discord.interactions import InteractionStore
from sandbox.discord.messages import MessageStore
from sandbox.discord.model import Channel, ChannelType, Guild, Json, Member, Role, Sticker, StickerFormat, User
from sandbox.discord.permissions import EVERYONE, IN_DM, Permission, permissions_of
from sandbox.discord.render import user_json

_MIB = 1024 * 1024
# Bytes per file by the guild's boost tier.
_TIER_LIMITS = {0: 10 * _MIB, 1: 10 * _MIB, 2: 50 * _MIB, 3: 100 * _MIB}
REQUEST_LIMIT = 25 * _MIB
# DMs with the bot are opened only by their member; a forum contains posts and no messages.
_NOT_OPENED = (ChannelType.DM, ChannelType.GUILD_FORUM)
MEMBERS = ("alice", "bob", "mod")


class World:
    """All state of the stand-in. Members "alice" and "bob" are plain; "mod" manages messages and the server."""

    def __init__(self, *, clock: Clock | None = None, application_name: str = "Imagine") -> None:
        self.clock = clock or Clock()
        self.ids = Snowflakes(self.clock)
        self.hub = Hub()
        self.files = FileStore(self.clock, self.ids)
        self.application_name = application_name
        self.privileged_intents = 0
        self.recommended_shards = 1
        self._reported_upload_limit: int | None = None
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.bot = self._user(1, application_name, bot=True)
        self.application_id = self.bot.id
        first = base64.b64encode(self.bot.id.encode()).decode().rstrip("=")
        self.token = f"{first}.sandbox.not-a-secret"
        self.guild = self._make_guild()
        self.channels |= {channel.id: channel for channel in places(self)}
        self.stickers: dict[str, Sticker] = {}
        self.messages = MessageStore(self)
        self.interactions = InteractionStore(self)
        self.commands = CommandRegistry(self)

    # Lookup

    def user(self, name: str) -> User:
        """A user by name (or id)."""
        for user in self.users.values():
            if name in (user.username, user.id):
                return user
        raise KeyError(f"there is no member called {name!r}")

    def channel(self, name: str, member: str | None = None) -> Channel:
        """A channel by name or id; "dm" is the member's own DM with the bot."""
        if name == "dm":
            if member is None:
                raise KeyError("a DM is somebody's: name the member")
            return self.dm(self.user(member))
        for channel in self.channels.values():
            if channel.id == name or (channel.name and channel.name == name):
                return channel
        raise KeyError(f"there is no channel called {name!r}")

    def channel_by_id(self, channel_id: str) -> Channel:
        """A channel by id. Raises 10003."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown_channel()
        return channel

    def guild_channels(self) -> list[Channel]:
        """The guild's channels in order, without threads."""
        return [c for c in self._in_guild() if c.type is not ChannelType.PUBLIC_THREAD]

    def threads(self) -> list[Channel]:
        """The guild's threads."""
        return [c for c in self._in_guild() if c.type is ChannelType.PUBLIC_THREAD]

    def open_to(self, user: User) -> list[Channel]:
        """The channels that a user can open, threads after their channels; their DM with the bot is last."""
        shared = [channel for channel in self.channels.values() if channel.type not in _NOT_OPENED]
        shared.sort(key=lambda channel: (channel.parent_id or channel.id, channel.id))
        return [*(c for c in shared if self.permissions(user, c) & Permission.VIEW_CHANNEL), self.dm(user)]

    def _in_guild(self) -> list[Channel]:
        return [channel for channel in self.channels.values() if channel.guild_id == self.guild.id]

    def dm(self, user: User) -> Channel:
        """The DM between the bot and a user, created if needed."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        number = int(user.id) - int(fixed_id(0))
        channel = Channel(id=fixed_id(500 + number), type=ChannelType.DM, recipient=user)
        self.channels[channel.id] = channel
        self.hub.tell(Kind.CHANNEL_CREATED, channel=channel)
        return channel

    def add_bot(self, name: str) -> User:
        """Add another application's bot to the server, for messages that only bots can post."""
        user = self._user(len(self.users) + 30, name, bot=True)
        self.guild.members[user.id] = Member(user=user, role_ids=[], joined_at=self.clock.now())
        return user

    def add_sticker(self, name: str, data: bytes, kind: StickerFormat = StickerFormat.PNG) -> Sticker:
        """Add a sticker that members may send from now on."""
        sticker = Sticker(id=self.ids.next(), name=name, format=kind, data=data)
        self.stickers[sticker.id] = sticker
        return sticker

    # Permissions and limits

    def permissions(self, user: User, channel: Channel) -> int:
        """A user's permission bits in a channel."""
        if channel.type is ChannelType.DM:
            return int(IN_DM)
        if channel.type is ChannelType.GROUP_DM:
            return int(IN_DM) if user in channel.people else 0
        if channel.guild_id != self.guild.id:
            return int(EVERYONE)  # in the other server everyone is a plain member
        # Threads have their parent's permissions.
        place = self.channels[channel.parent_id] if channel.parent_id else channel
        return permissions_of(self.guild, self.guild.members[user.id], place)

    def bot_permissions(self, channel: Channel) -> int:
        """The bot's permission bits in a channel."""
        if channel.members_app:
            return 0
        return self.permissions(self.bot, channel)

    @property
    def upload_limit(self) -> int:
        """The actual limit of one file in bytes, by the guild's boost tier."""
        return _TIER_LIMITS[self.guild.premium_tier]

    @property
    def reported_upload_limit(self) -> int:
        """The limit that interactions report; set it to simulate Discord reporting too much, as it sometimes does."""
        return self.upload_limit if self._reported_upload_limit is None else self._reported_upload_limit

    @reported_upload_limit.setter
    def reported_upload_limit(self, value: int | None) -> None:
        self._reported_upload_limit = value

    def announce_channel(self, channel: Channel) -> None:
        """Notify the bot that a channel changed."""
        self.hub.tell(Kind.CHANNEL_UPDATED, channel=channel)

    def application_json(self) -> Json:
        """The application as its own bot receives it; its owner is the moderator."""
        owner = user_json(self.user("mod"))
        return {
            "id": self.application_id,
            "name": self.application_name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": user_json(self.bot),
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": owner,
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "integration_types_config": {"0": {}, "1": {}},
        }

    def close(self) -> None:
        """Stop timers and delete the files."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.files.close)
            stack.callback(self.interactions.close)

    # The members

    def _user(self, number: int, name: str, *, bot: bool = False) -> User:
        user = User(id=fixed_id(number), username=name, global_name=None if bot else name.capitalize(), bot=bot)
        self.users[user.id] = user
        return user

    def _make_guild(self) -> Guild:
        now = self.clock.now()
        # The owner doesn't act: if it were one of the three members, it would pass every permission check.
        guild = Guild(id=fixed_id(100), name="Sandbox", owner_id=self._user(2, "founder").id, created_at=now)
        everyone, moderator = int(EVERYONE), int(Permission.MANAGE_MESSAGES | Permission.MANAGE_GUILD)
        name, bot_id = self.application_name, self.bot.id
        roles = (
            Role(id=guild.id, name="@everyone", permissions=everyone, position=0),
            Role(id=fixed_id(101), name=name, permissions=everyone, position=1, managed_by=bot_id),
            Role(id=fixed_id(102), name="Moderators", permissions=moderator, position=2, color=0x5865F2),
        )
        guild.roles = {role.id: role for role in roles}
        for number, name in enumerate(MEMBERS, start=11):
            self._user(number, name)
        extra = {self.bot.username: [roles[1].id], "mod": [roles[2].id]}
        for user in self.users.values():
            guild.members[user.id] = Member(user=user, role_ids=extra.get(user.username, []), joined_at=now)
        return guild
