"""The options that every command about a period has: the period by name or by its days, and whether to share."""

# Annotations are evaluated by discord.py: a parameter's type must be importable at run time.
import functools
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from discord import app_commands

from bot.domain.period import PeriodName
from bot.localization.discord_locale import option, phrase, worded

_PERIODS: Final = [
    app_commands.Choice(name=phrase(f"choice.period.{name.name.lower()}"), value=name.value) for name in PeriodName
]
Day = app_commands.Range[str, 1, 20]
Callback = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPeriod:
    """The period that a command asks for, as it was typed."""

    name: str = ""
    first_day: str = ""
    last_day: str = ""


def in_period(*, default: PeriodName | None = PeriodName.LAST_30_DAYS) -> Callable[[Callback], Any]:
    """Give a command the options `period`, `first_day`, `last_day` and `share`, after its own.

    It receives the first three as the keyword `asked`. discord.py reads a command's options from its signature.
    """

    def options(
        period: str = default.value if default else "", first_day: Day = "", last_day: Day = "", share: bool = False
    ) -> dict[str, Any]:
        return {"asked": AskedPeriod(name=period, first_day=first_day, last_day=last_day), "share": share}

    added = inspect.signature(options).parameters

    def decorate(callback: Callback) -> Any:
        @functools.wraps(callback)
        async def command(*args: Any, **given: Any) -> None:
            of_period = options(**{name: given.pop(name) for name in added if name in given})
            await callback(*args, **given, **of_period)

        own = inspect.signature(callback)
        kept = [parameter for name, parameter in own.parameters.items() if name not in {"asked", "share"}]
        command.__signature__ = own.replace(parameters=[*kept, *added.values()])  # type: ignore[attr-defined]
        names = worded(**{name: option(name) for name in added})
        return app_commands.choices(period=_PERIODS)(names(command))

    return decorate
