"""Starts the whole sandbox: the two stand-ins, the driver, and the real bot."""

import asyncio
import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.apimaster import ApimasterServer, Knobs
from sandbox.bot_process import BotProcess, Launch
from sandbox.discord import DiscordFaults, DiscordServer, World
from sandbox.driver import Driver, DriverError
from sandbox.machine import Machine

# The real values suit a provider that takes half a minute per picture; here one takes about two seconds.
SHORT_WAITS = {"FIRST_POLL_SECONDS": "0.5", "POLL_SECONDS": "0.3", "BALANCE_PROBE_SECONDS": "2"}


class Sandbox:
    """A local Discord, a local APIMaster and the bot connected to both, for the duration of the context.

    ``data_dir`` is the bot's (default: a temporary one, deleted on exit); ``env`` adds to the bot's environment;
    ``with_bot=False`` leaves starting the bot to the caller; ``launch`` starts another program instead; a ``machine``
    allows faults of its disk and clock. ``wait_for_bot()`` returns when the bot is connected.
    """

    discord: DiscordServer
    apimaster: ApimasterServer
    driver: Driver
    bot: BotProcess

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        with_bot: bool = True,
        launch: Launch | None = None,
        world: World | None = None,
        faults: DiscordFaults | None = None,
        knobs: Knobs | None = None,
        machine: Machine | None = None,
    ) -> None:
        self.world = world or World()
        self.faults = faults or DiscordFaults()
        self.knobs = knobs or Knobs()
        self._given_data_dir = data_dir
        self._env = dict(env or {})
        self._with_bot = with_bot
        self.machine = machine
        self._launch = launch or (None if machine is None else machine.launch)
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.data_dir = self._given_data_dir or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-data-"))
            )
            self.data_dir.mkdir(parents=True, exist_ok=True)
            if self.machine is not None:
                stack.enter_context(self.machine.begin(self.data_dir))
            self.discord = await stack.enter_async_context(DiscordServer(self.world, faults=self.faults))
            self.apimaster = await stack.enter_async_context(ApimasterServer(knobs=self.knobs))
            self.driver = Driver(self.discord)
            self._stack = stack.pop_all()
        try:
            self.bot = await self.add_bot("bot")
            if self._with_bot:
                await self.bot.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def bot_env(self) -> dict[str, str]:
        """The environment variables that connect a bot to this sandbox."""
        return {
            "DISCORD_TOKEN": self.world.token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_CDN_HOSTS": self.discord.cdn_host,
            "APIMASTER_API_KEY": self.apimaster.api_key,
            "APIMASTER_BASE_URL": self.apimaster.base_url,
            "DATA_DIR": str(self.data_dir),
            **SHORT_WAITS,
            **({} if self.machine is None else self.machine.env),
            **self._env,
        }

    async def add_bot(self, name: str, env: Mapping[str, str] | None = None) -> BotProcess:
        """Create another bot process (not yet started), with its own log; it is stopped when the sandbox exits."""
        environment = self.bot_env | dict(env or {})
        log_path = self.data_dir / f"{name}.log"
        return await self._stack.enter_async_context(BotProcess(environment, log_path=log_path, launch=self._launch))

    async def wait_for_bot(self, timeout_s: float = 60) -> None:
        """Wait until the bot is connected and has registered its commands; raises DriverError, at once if it exits."""
        ready = asyncio.create_task(self.driver.wait_for_bot(timeout_s), name="bot ready")
        ended = asyncio.create_task(self.bot.wait(), name="bot ended")
        try:
            await asyncio.wait({ready, ended} if self.bot.starts else {ready}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise DriverError(f"the bot {self.bot.state} before it was connected")
            await ready
        finally:
            ready.cancel()
            ended.cancel()

    async def restart_bot(self) -> None:
        """Start the bot after a kill or stop, and wait until it is connected again."""
        await self.bot.start()
        await self.wait_for_bot()
