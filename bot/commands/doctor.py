"""`python -m bot doctor`: checks the installation and says what to do; the bot may be running."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from bot.clock import SystemClock
from bot.commands.checks import host, store
from bot.commands.checks.discord_checks import DiscordSide
from bot.commands.checks.findings import Finding, Level, fail, ok
from bot.commands.checks.provider import provider
from bot.domain.errors import BotError, StartupError
from bot.ops.logs import Redactor
from bot.settings import Settings, load_settings, load_what_is_right
from bot.store.sqlite.reading import read_faults


@click.command("doctor", short_help="Look whether all is as it should be, and what to do if not.")
@click.option("--ledger", is_flag=True, help="Only name every fault of the ledger and the totals.")
@click.option("--offline", is_flag=True, help="Ask neither Discord nor the image provider.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of lines.")
def doctor(*, ledger: bool, offline: bool, as_json: bool) -> None:
    """Look over settings, token, key, permissions, database, ledger, pictures, disk and clock.

    Prints a line for each: ok, warn or fail, what it is about, and what to do. Nothing is changed. The exit code is 1
    if anything fails.
    """
    if ledger:
        _check_ledger()
        return
    settings, troubles = load_what_is_right()
    redacted = Redactor(settings.secrets())  # answers of other services may quote the secrets that they were sent
    found = []
    for finding in _findings(settings, troubles, offline=offline):
        found.append(finding)
        if not as_json:
            click.echo(redacted(str(finding)))
    failed = sum(finding.level is Level.FAIL for finding in found)
    if as_json:
        report = {"ok": not failed, "checks": [asdict(finding) for finding in found]}
        click.echo(redacted(json.dumps(report, indent=2)))
    if failed:
        raise BotError(f"{failed} {'check fails' if failed == 1 else 'checks fail'}.")


def _findings(settings: Settings, troubles: list[str], *, offline: bool) -> Iterator[Finding]:
    """All findings, the fast checks first."""
    yield from host.versions()
    yield from _settings(settings, troubles)
    yield from host.data_directory(settings.data_dir, min_free_mb=settings.min_free_mb)
    yield from store.database(settings.data_dir / "bot.db")
    if not offline:
        yield from asyncio.run(_asked(settings))


def _settings(settings: Settings, troubles: list[str]) -> Iterator[Finding]:
    for name in ("DISCORD_TOKEN", "APIMASTER_API_KEY"):
        try:
            settings.require(name)
        except StartupError as error:
            troubles = [*troubles, str(error)]
    for trouble in troubles:
        yield fail("settings", trouble, "")
    if not troubles:
        yield ok("settings", "each can be read")


async def _asked(settings: Settings) -> list[Finding]:
    """The findings from Discord and the provider; a missing secret has already been reported."""
    found: list[Finding] = []
    if token := _secret(settings, "DISCORD_TOKEN"):
        found += [f async for f in DiscordSide(settings.discord_api_url, token, SystemClock()).findings()]
    if _secret(settings, "APIMASTER_API_KEY"):
        key = settings.require("APIMASTER_API_KEY")["APIMASTER_API_KEY"]
        found.append(await provider(settings.apimaster_base_url, key, settings.apimaster_model))
    return found


def _secret(settings: Settings, name: str) -> str:
    try:
        return settings.require(name)[name].get_secret_value()
    except StartupError:
        return ""


def _check_ledger() -> None:
    found = 0
    for fault in read_faults(load_settings().data_dir / "bot.db"):
        click.echo(fault)
        found += 1
    if found:
        raise BotError(f"{found} {'fault' if found == 1 else 'faults'} found in the ledger.")
    click.echo("The ledger closes: every job and every total is in order.")
