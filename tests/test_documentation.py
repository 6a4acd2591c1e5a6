"""Commands in the documentation match the command line."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.__main__ import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Procfile", *sorted((ROOT / "docs").rglob("*.*"))]
TYPED = re.compile(r"python -m bot( [^`\n;|)']*)")
UNITS = ROOT / "docs" / "systemd"


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each `python -m bot …` on a page."""
    for found in TYPED.findall(page.read_text(encoding="utf-8")):
        words = found.partition(" #")[0].split()
        if words and words[0].isalpha():  # excludes "python -m bot --help" and the rest of a sentence
            yield words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_commands_and_options_exist(page: Path) -> None:
    """Detects a command or an option that was renamed only in the code."""
    context = click.Context(main)
    for name, *arguments in commands(page):
        command = main.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        known = {option for parameter in command.params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= known, f"{name} {arguments}"


def test_units_restart_according_to_the_exit_codes() -> None:
    """A failed start is not restarted; the stop time-out is longer than the bot's."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    unit.read(UNITS / "imagine-bot.service")
    service = unit["Service"]
    assert service["RestartPreventExitStatus"] == "2"
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 10
    assert service["ExecStart"].endswith((ROOT / "Procfile").read_text().strip().partition("python ")[2])
