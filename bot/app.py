"""The composition root: opens everything in one exit stack, and has `bot/composition/` build the rest on it."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack

from bot.clock import SystemClock
from bot.composition.client import build_client, build_http_server
from bot.composition.foundation import build_foundation, image_provider, open_store
from bot.lifecycle import serve
from bot.media.reference_cache import ReferenceCopies
from bot.ops.instance_lock import LINGERS_S, wait_for_lock
from bot.ops.runtime_tuning import quicken
from bot.ops.signals import StopSignals
from bot.ops.startup_checks import check_key
from bot.ops.watchdog import Watchdog
from bot.settings import Settings
from bot.store.sqlite.connection import ensure_data_dir
from bot.tasks import FirstFailure


async def run(settings: Settings, watchdog: Watchdog, *, follows: int | None, failures: int) -> None:
    """Run the bot until SIGTERM or SIGINT, or until the pipe `follows` ends; it may have failed so often before.

    Raises StartupError where it cannot start, and BotError where it ends by itself.
    """
    quicken()
    os.umask(0o077)  # whatever is written from here on, by libraries too, is this user's alone
    required = settings.require("DISCORD_TOKEN", "APIMASTER_API_KEY")
    ensure_data_dir(settings.data_dir)
    clock = SystemClock()
    signals = StopSignals(clock, watchdog, follows=follows)
    failure = FirstFailure()
    async with AsyncExitStack() as stack:
        # A supervised bot is not refused because the one before it is not quite gone.
        patience_s = 0.0 if follows is None else LINGERS_S
        stack.enter_context(await wait_for_lock(settings.data_dir, clock, patience_s=patience_s))
        store = await stack.enter_async_context(open_store(settings, clock, failure))
        account = await stack.enter_async_context(image_provider(settings, required["APIMASTER_API_KEY"]))
        await check_key(account, store)
        copies = await stack.enter_async_context(
            ReferenceCopies(settings.data_dir / "references", settings.discord_cdn_hosts)
        )
        base = await build_foundation(
            settings, clock=clock, store=store, account=account, copies=copies, failure=failure
        )
        client = build_client(settings, base, account)
        if settings.http_port is not None:
            await stack.enter_async_context(build_http_server(settings, settings.http_port, base, client))
        token = required["DISCORD_TOKEN"].get_secret_value()
        await serve(client, token, settings.discord_api_url, signals, failures=failures)
