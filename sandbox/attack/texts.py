"""Points 9 and 10: texts of others that are interpreted as markup, and files readable by other users of the machine."""

from __future__ import annotations

import re
import resource
import stat
from pathlib import Path
from typing import Any, Final

from sandbox.attack.attempts import STRING, expect_refusal, option
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.driver import DriverError, Interaction

_BAIT: Final = "@everyone <@&{role}> [free](https://evil.example) https://evil.example `"
_LIVE: Final = re.compile(
    r"(?<!\\)@everyone(?!\u200b)|(?<!\\)<@&\d+>|(?<!\\)\[free\]\(https://|https://evil\.example", re.IGNORECASE
)


async def texts_of_others(target: Target, report: Report) -> None:
    """Use links and mentions as names, durations, sizes, reasons and patterns, and check what the bot shows."""
    role = next(role.id for role in target.world.guild.roles.values() if role.name == "Moderators")
    bait = _BAIT.format(role=role)
    short = bait[:40]
    sends: list[tuple[str, str, str, dict[str, Any]]] = [
        ("style that doesn't exist", "alice", "imagine", {"prompt": "x", "style": short}),
        ("style saved", "alice", "style save", {"name": short[:32], "text": bait}),
        ("style listed", "alice", "style list", {}),
        ("style deleted", "alice", "style delete", {"name": bait}),
        ("duration", "mod", "block", {"member": "bob", "duration": short}),
        ("word rule that can't be read", "mod", "settings words add", {"pattern": f"({bait}", "regex": True}),
        ("word rule", "mod", "settings words add", {"pattern": "https://evil.example"}),
        ("word rule in a refusal", "alice", "imagine", {"prompt": "https://evil.example"}),
        ("word rules listed", "mod", "settings words list", {}),
        ("word rule tried", "mod", "settings words test", {"text": bait, "pattern": "@everyone"}),
        ("quota", "mod", "quotas set", {"pictures_per_day": bait[:20]}),
        ("quota of a role", "mod", "quotas remove", {"role": bait}),
        ("day", "mod", "usage overview", {"first_day": "@everyone", "last_day": "x"}),
        ("file name", "alice", "remix", {"prompt": "x", "image1": (f"{bait}.png".replace("/", "_"), b"no picture")}),
        ("block", "mod", "block", {"member": "alice", "duration": "1h", "reason": bait, "tell": True}),
        ("block reason in a refusal", "alice", "imagine", {"prompt": "a refused one"}),
        ("blocks listed", "mod", "blocks", {}),
    ]
    for what, member, command, given in sends:
        report.attempt()
        try:
            sent = await target.driver.slash(member, command, given)
        except DriverError as error:
            report.failed(f"{what}: {error}")
            continue
        await _check_shown(target, report, what, sent)


async def _check_shown(target: Target, report: Report, what: str, sent: Interaction) -> None:
    said = await target.answer(sent)
    if said is None:
        report.weak(f"{what}: no answer")
        return
    if live := _LIVE.search(said.text()):
        report.weak(f"{what}: {live[0]!r} is live in {said.text()!r:.120}")


async def forged_texts(target: Target, report: Report) -> None:
    """Forge sizes and other choices with arbitrary text, which may be shown only as plain text."""
    before = target.counts()
    for name in ("size", "resolution"):
        bait = option(name, STRING, "@everyone https://evil.example")
        sent = target.forge_command("imagine", option("prompt", STRING, "x"), bait, member="alice")
        said = await expect_refusal(target, report, f"/imagine {name}", sent, before)
        if live := _LIVE.search(said):
            report.weak(f"{name}: {live[0]!r} is live")


async def files_of_the_bot(target: Target, report: Report) -> None:
    """Check the bot's data and core files for access by other users of the machine."""
    await target.imagine("something private", private=True)
    await target.until(lambda: target.rows("SELECT COUNT(*) FROM jobs WHERE state = 'delivered'") == [(1,)], 20)
    await target.bot.stop()
    for path in (target.data_dir, *target.data_dir.rglob("*")):
        if path != target.bot.log_path:
            path.chmod(0o755 if path.is_dir() else 0o644)
    await target.bot.start()
    await target.wait_for_bot()
    for path in target.data_dir.rglob("*"):
        report.attempt()
        if path.is_file() and path != target.bot.log_path and _readable(path, target.data_dir):
            report.hole(f"others can read {path.name}")
    report.attempt()
    if resource.prlimit(target.bot.pid or 0, resource.RLIMIT_CORE)[1] != 0:
        report.weak("core files are on")


def _readable(path: Path, top: Path) -> bool:
    """Whether another user of the machine who can enter the data directory can read this file."""
    folders = [folder for folder in path.parents if folder.is_relative_to(top) and folder != top]
    return bool(path.stat().st_mode & stat.S_IROTH) and all(f.stat().st_mode & stat.S_IXOTH for f in folders)


SCENARIOS: Final = (
    Scenario(name="texts of others", point=9, about="links and mentions in refusals", run=texts_of_others),
    Scenario(
        name="forged texts", point=9, about="links and mentions instead of choices", run=forged_texts, short=False
    ),
    Scenario(
        name="files of the bot", point=10, about="an open data directory, core files", run=files_of_the_bot, short=False
    ),
)
