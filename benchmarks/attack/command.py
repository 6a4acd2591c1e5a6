"""`python -m benchmarks attack`: the cost for other members of attacks on word rules, by the provider and on HTTP."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Final

import click

_MEASUREMENTS: Final[Mapping[str, str]] = {
    "word_rules": "prompts that grow when they are normalized, and slow patterns",
    "provider_answers": "tens of megabytes of JSON instead of an answer",
    "http_port": "connections that never finish a header",
}


@click.command()
@click.argument("name", type=click.Choice(list(_MEASUREMENTS)), required=False)
def attack(name: str | None) -> None:
    """Measure one attack, or all: acknowledgement times of others, and memory. Exit code 1: a limit is exceeded."""
    codes = []
    for chosen in [name] if name else _MEASUREMENTS:
        click.echo(f"\n{chosen}: {_MEASUREMENTS[chosen]}")
        codes.append(_measured(chosen))
    sys.exit(max(codes))


def _measured(name: str) -> int:
    """Run one measurement with its own defaults; its modules are imported only when needed."""
    command: click.Command = importlib.import_module(f"benchmarks.attack.{name}").main
    try:
        command.main(args=[], prog_name=f"python -m benchmarks.attack.{name}", standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
