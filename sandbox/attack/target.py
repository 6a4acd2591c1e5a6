"""The sandbox under attack: forged interactions, the bot's rows, and the answers the attacker gets."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sandbox.apimaster import Knobs
from sandbox.bot_process import Launch
from sandbox.discord.interactions import InteractionType, State
from sandbox.discord.model import Json
from sandbox.driver import DriverError, Interaction, Message
from sandbox.stack import Sandbox

QUICK: Final = {"FIRST_POLL_SECONDS": "0.2", "POLL_SECONDS": "0.1", "BALANCE_PROBE_SECONDS": "0.5"}
DELIVERED_WITHIN_S: Final = 30.0
_ANSWERED_WITHIN_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.02
_STORED: Final = (
    "guild_settings", "word_rules", "quotas", "blocks", "audit", "presets", "requests", "jobs", "ledger", "drafts",
)  # fmt: skip


class Target(Sandbox):
    """The sandbox whose bot is attacked."""

    def __init__(
        self, settings: Mapping[str, str], *, launch: Launch | None = None, patience_s: float = DELIVERED_WITHIN_S
    ) -> None:
        self.patience_s = patience_s
        self.port = free_port()
        env = {**QUICK, "HTTP_PORT": str(self.port), **settings}
        super().__init__(env=env, with_bot=False, launch=launch, knobs=Knobs(latency_s=0.3, plain_pictures=True))

    async def start(self) -> None:
        """Start the bot and wait until members can use it."""
        await self.bot.start()
        await self.wait_for_bot()

    def forge(
        self,
        kind: InteractionType,
        data: Json,
        *,
        member: str = "mod",
        channel: str = "general",
        source: Message | None = None,
    ) -> Interaction:
        """Send an interaction that no honest client would send."""
        stored = self.world.messages.find(source.id) if source else None
        user, place = self.world.user(member), self.world.channel(channel, member)
        return self.driver.interaction(self.world.interactions.create(kind, user, place, data, source=stored).id)

    def shown(self, component: Json) -> Message:
        """Post a message of the bot with this component, as an old version may have posted it."""
        return self.driver.post(self.world.application_name, {"components": [{"type": 1, "components": [component]}]})

    def forge_command(
        self, command: str, *options: Json, member: str, channel: str = "general", typing: bool = False
    ) -> Interaction:
        """Send a command, or an autocomplete request of one, whether Discord would offer it or not."""
        name, *steps = command.split()
        given: list[Json] = list(options)
        for number, step in reversed(list(enumerate(steps))):
            is_group = number < len(steps) - 1
            given = [{"name": step, "type": 2 if is_group else 1, "options": given}]
        users = {user.id: {"id": user.id, "username": user.username} for user in self.world.users.values()}
        members = {user_id: {"roles": [], "permissions": "0"} for user_id in users}
        data: Json = {"id": "1", "name": name, "type": 1, "options": given}
        data["resolved"] = {
            "users": {key: {**user, "discriminator": "0", "avatar": None} for key, user in users.items()},
            "members": {key: {**one, "joined_at": None, "flags": 0} for key, one in members.items()},
        }
        kind = InteractionType.AUTOCOMPLETE if typing else InteractionType.COMMAND
        return self.forge(kind, data, member=member, channel=channel)

    async def answer(self, interaction: Interaction) -> Message | None:
        """The final answer that the sender gets; None if there is none, or it isn't a message."""
        end = time.monotonic() + _ANSWERED_WITHIN_S
        while time.monotonic() < end and not interaction.failed:
            said = interaction.followups[-1] if interaction.followups else interaction.response
            # After a bare acknowledgement of a button press, its own message counts as the response until more comes.
            if said is not None and not said.loading and interaction.record.state is State.ANSWERED:
                return said
            await asyncio.sleep(_LOOK_EVERY_S)
        return None

    async def imagine(self, prompt: str, *, member: str = "alice", channel: str = "general", **options: Any) -> None:
        """Order a picture as an honest member; raises DriverError where the bot doesn't respond."""
        sent = await self.driver.slash(member, "imagine", {"prompt": prompt, **options}, channel=channel)
        await sent.acknowledged()

    async def picture(self, prompt: str, *, member: str = "alice", channel: str = "general") -> Message:
        """Wait for a message that shows the picture of this prompt."""

        def is_there(message: Message) -> bool:
            return prompt in message.text() and bool(message.media())

        return await self.driver.wait_message(is_there, viewer=member, channel=channel, timeout_s=self.patience_s)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the bot's database."""
        with closing(sqlite3.connect(self.data_dir / "bot.db", timeout=5)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def write(self, sql: str, *parameters: Any) -> None:
        """Change the bot's database directly, bypassing check constraints."""
        with closing(sqlite3.connect(self.data_dir / "bot.db", timeout=10)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(sql, parameters)

    def counts(self, ignored: Collection[str] = ()) -> dict[str, int]:
        """Row counts of all tables that an attack must not write to."""
        return {
            table: self.rows(f"SELECT COUNT(*) FROM {table}")[0][0]  # noqa: S608 - names of ours
            for table in _STORED
            if table not in ignored
        }

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; returns whether it held within `timeout_s` seconds."""
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True

    def log(self) -> str:
        """The bot's whole log."""
        return self.bot.log_path.read_text(errors="replace") if self.bot.log_path.exists() else ""

    def memory_mb(self, name: str = "VmHWM") -> float:
        """The bot's memory in millions of bytes: its peak (`VmHWM`), or `VmRSS` for the current value."""
        for line in Path(f"/proc/{self.bot.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1_024 / 1e6
        raise DriverError(f"this system doesn't report {name}")


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
