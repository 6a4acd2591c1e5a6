"""`python -m sandbox`: stand-ins for Discord and the provider, the real bot and a web page; `demo` needs no browser."""

import asyncio
import logging
import signal
import sys
import webbrowser
from pathlib import Path

import click

from sandbox import demo
from sandbox.attack.catalogue import SCENARIOS
from sandbox.attack.run import listing
from sandbox.attack.run import run as run_attacks
from sandbox.chaos import report
from sandbox.driver import DriverError
from sandbox.faults import RandomFaults
from sandbox.machine import Machine
from sandbox.page import PageServer
from sandbox.stack import Sandbox

DEFAULT_PORT = 8420
_A_DAY_S = 86_400.0
_SECONDS_BETWEEN_FAULTS = (0.5, 5.0)
_LOOK_EVERY_S = 1.0


@click.group(invoke_without_command=True)
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="The page's port.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Keep the bot's data here.")
@click.option("--no-bot", is_flag=True, help="Do not start the bot; connect one of your own.")
@click.option(
    "--faults", "seed", type=click.IntRange(min=0), help="Let things go wrong at random, drawn from this seed."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.pass_context
def main(
    context: click.Context, *, port: int, data_dir: Path | None, no_bot: bool, seed: int | None, open_browser: bool
) -> None:
    """Try the bot without an account: a local Discord, a local picture provider and a web page to use them."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if context.invoked_subcommand is not None:
        return
    try:
        asyncio.run(_serve(port=port, data_dir=data_dir, no_bot=no_bot, seed=seed, open_browser=open_browser))
    except OSError as error:
        click.echo(f"The sandbox cannot start: {error}", err=True)
        sys.exit(2)


@main.command("demo")
def demo_command() -> None:
    """Watch one picture survive a kill of the bot: /imagine, SIGKILL, restart, delivery. No browser needed."""
    sys.exit(asyncio.run(demo.run()))


@main.command("chaos")
@click.option("--seed", type=click.IntRange(min=0), help="What is drawn: orders, kills, faults. Default: a new one.")
@click.option("--jobs", default=300, show_default=True, type=click.IntRange(1, 10_000), help="So many pictures.")
@click.option("--kills", default=60, show_default=True, type=click.IntRange(0, 10_000), help="So many SIGKILLs.")
def chaos_command(*, seed: int | None, jobs: int, kills: int) -> None:
    """Kill the bot repeatedly while injecting faults on both sides, then account for each picture."""
    sys.exit(asyncio.run(report.run(seed=seed, jobs=jobs, kills=kills)))


@main.command("attack")
@click.option("--list", "listed", is_flag=True, help="Show the scenarios (* is in the short form) and stop.")
@click.option("--only", "names", multiple=True, type=click.Choice([s.name for s in SCENARIOS]), help="Only these.")
@click.option("--short", is_flag=True, help="Only the short form, which the tests run.")
def attack_command(*, listed: bool, names: tuple[str, ...], short: bool) -> None:
    """Attack the bot from outside and report what held per point; exit code 1 if there is a hole."""
    if listed:
        click.echo(listing())
        return
    sys.exit(asyncio.run(run_attacks(names, short=short)))


async def _serve(*, port: int, data_dir: Path | None, no_bot: bool, seed: int | None, open_browser: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = Sandbox(data_dir=data_dir, with_bot=False, machine=None if no_bot else Machine())
    random_faults = None if seed is None else RandomFaults(sandbox, seed, pause_s=_SECONDS_BETWEEN_FAULTS)
    async with sandbox, PageServer(sandbox, port=port, managed=not no_bot, random_faults=random_faults) as page:
        if port not in (0, page.port):
            click.echo(f"Port {port} is taken, so the page has another one.")
        click.echo(f"Sandbox: {page.url}   (Ctrl-C stops it)")
        if no_bot:
            click.echo("".join(f"  {name}={value}\n" for name, value in sandbox.bot_env.items()), nl=False)
        else:
            await sandbox.bot.start()
        if open_browser:
            await asyncio.to_thread(webbrowser.open, page.url)
        beside = [asyncio.create_task(_send_first_command(sandbox), name="first command")]
        if random_faults is not None:
            click.echo(f"Faults at random, from seed {seed}; a bot that ends by itself is started again.")
            beside.append(asyncio.create_task(_storm(sandbox, random_faults, managed=not no_bot), name="storm"))
        await stop.wait()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        click.echo("Stopping …")


async def _storm(sandbox: Sandbox, random_faults: RandomFaults, *, managed: bool) -> None:
    """Inject random faults once the bot is online. Restart a bot that exited by itself, not one that was stopped."""
    await sandbox.driver.wait_for_bot(_A_DAY_S)
    blowing = asyncio.create_task(random_faults.blow(), name="weather")
    try:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if managed and not sandbox.bot.alive and sandbox.bot.state.startswith("ended by itself"):
                await sandbox.bot.start()
    finally:
        blowing.cancel()


async def _send_first_command(sandbox: Sandbox) -> None:
    """Send an /imagine as alice as soon as the bot is online, so that the page shows a picture in progress."""
    try:
        await sandbox.wait_for_bot(_A_DAY_S)
    except DriverError as error:
        last_words = "\n".join(sandbox.bot.output[-5:])
        click.echo(f"There is no bot yet: {error}. It said last:\n{last_words}", err=True)
        await sandbox.driver.wait_for_bot(_A_DAY_S)
    try:
        await sandbox.driver.slash(demo.MEMBER, "imagine", {"prompt": demo.PROMPT})
    except DriverError as error:
        click.echo(f"The first /imagine could not be sent: {error}", err=True)


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
