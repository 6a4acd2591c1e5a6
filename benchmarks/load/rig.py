"""The bot between the lean Discord and the sandbox's provider, and its process's use of CPU, memory and files."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load.discord import LeanDiscord
from benchmarks.process import status
from sandbox.apimaster import ApimasterServer, Knobs
from sandbox.bot_process import BotProcess, Launch

_TOKEN: Final = "MTE4.load.token"  # noqa: S105 - made up
_ONLINE_WITHIN_S: Final = 30.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """The servers, the bot process and the data directory of a measurement."""

    discord: LeanDiscord
    provider: ApimasterServer
    bot: BotProcess
    data_dir: Path

    def cpu_s(self) -> float:
        """CPU seconds that the bot's process has used so far."""
        fields = Path(f"/proc/{self.bot.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_mb(self) -> float:
        """The bot's peak memory so far, in millions of bytes."""
        return self._mb("VmHWM")

    def memory_mb(self) -> float:
        """The bot's current memory, in millions of bytes."""
        return self._mb("VmRSS")

    def files(self) -> int:
        """How many files and sockets the bot has open."""
        return len(list(Path(f"/proc/{self.bot.pid}/fd").iterdir()))

    def _mb(self, name: str) -> float:
        return status(self.bot.pid, name) * 1_024 / 1e6


@asynccontextmanager
async def rig(settings: Mapping[str, str], knobs: Knobs, launch: Launch | None = None) -> AsyncIterator[Rig]:
    """Start everything and wait until the bot is online; `launch` starts the bot in another way."""
    with tempfile.TemporaryDirectory(prefix="load-") as made:
        data_dir = Path(made)
        async with LeanDiscord() as discord, ApimasterServer(knobs=knobs) as provider:
            env = {
                "DISCORD_TOKEN": _TOKEN,
                "DISCORD_API_URL": discord.api_url,
                "APIMASTER_API_KEY": provider.api_key,
                "APIMASTER_BASE_URL": provider.base_url,
                "DATA_DIR": str(data_dir / "data"),
                **settings,
            }
            async with BotProcess(env, log_path=data_dir / "bot.log", launch=launch) as bot:
                await bot.start()
                try:
                    async with asyncio.timeout(_ONLINE_WITHIN_S):
                        await discord.online()
                except TimeoutError:
                    raise RuntimeError("the bot is not online; it says: " + "\n".join(bot.output[-20:])) from None
                yield Rig(discord=discord, provider=provider, bot=bot, data_dir=data_dir / "data")
