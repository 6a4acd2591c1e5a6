"""Architecture rules checked on the source: imports between layers, and where SQL and time may be used."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.source import ROOT, called_in, nodes_of, sources

LAYERS: list[set[str]] = [
    {"bot.domain", "bot.__version__"},
    {"bot.clock", "bot.tasks", "bot.net", "bot.ports"},
    {"bot.settings", "bot.ops"},
    {"bot.store", "bot.apimaster", "bot.media"},
    {"bot.queue"},
    {"bot.services"},
    {"bot.localization"},
    {"bot.interactions"},
    {"bot.ui"},
    {"bot.messages", "bot.notifications"},
    {"bot.registry", "bot.client", "bot.connection", "cogs"},
    {"bot.commands"},
    {"bot.lifecycle", "bot.composition", "bot.app", "bot.__main__"},
]
"""Packages from the bottom up: a module imports its own layer and those below it."""
ADAPTERS = {"bot.store", "bot.apimaster", "bot.media"}
NAME_ADAPTERS = ADAPTERS | {"bot.app", "bot.composition", "bot.commands"}
"""Everybody else knows the store, the provider and the disk by their ports."""
TIME = re.compile(
    r"time\.(time|monotonic|perf_counter|sleep)\w*|asyncio\.sleep|datetime\.(now|utcnow|today)|date\.today"
)
MAY_ASK_THE_TIME = {
    "bot/clock.py": "it is the clock",
}
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|WITH|BEGIN)\s+[A-Za-z_(]+")


def module_of(path: Path) -> str:
    """A file's dotted module name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """The dotted names that a file imports anywhere in it, functions included."""
    return tuple(_imports_in(path))


def _imports_in(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, packages: set[str]) -> str | None:
    """The package of these that contains a module."""
    return next((package for package in packages if module == package or module.startswith(f"{package}.")), None)


def layer_of(module: str) -> int:
    """The number of a module's layer."""
    return next(number for number, layer in enumerate(LAYERS) if within(module, layer))


def test_every_module_has_its_layer() -> None:
    """A new module must be assigned to a layer; empty package files have none."""
    everything = set().union(*LAYERS)
    homeless = [
        module
        for path in sources("bot", "cogs")
        if (module := module_of(path)) != "bot" and not within(module, everything)
    ]
    assert homeless == []


def test_imports_point_downward() -> None:
    """Domain <- ports <- store, apimaster, media <- jobs <- ui <- courier <- cogs <- app."""
    upward = [
        f"{module} imports {imported}"
        for path in sources("bot", "cogs")
        if (module := module_of(path)) != "bot"
        for imported in imports_of(path)
        if imported.split(".")[0] in {"bot", "cogs"} and layer_of(imported) > layer_of(module)
    ]
    assert upward == []


def test_adapters_are_used_only_through_their_ports() -> None:
    """Only the composition root and the terminal commands name a store, a provider or a spool; none names another."""
    named = [
        f"{module} imports {imported}"
        for path in sources("bot", "cogs")
        if (module := module_of(path)) != "bot"
        for imported in imports_of(path)
        if (adapter := within(imported, ADAPTERS)) and within(module, NAME_ADAPTERS - ADAPTERS | {adapter}) is None
    ]
    assert named == []


def test_domain_uses_only_the_standard_library() -> None:
    """Values and rules need no dependency, and no input or output."""
    foreign = [
        f"{path.name} imports {imported}"
        for path in sources("bot/domain")
        for imported in imports_of(path)
        if not (within(imported, {"bot.domain"}) or imported.split(".")[0] in sys.stdlib_module_names)
        or within(imported, {"os", "io", "pathlib", "socket", "asyncio", "logging", "sqlite3", "time"})
    ]
    assert foreign == []


@pytest.mark.parametrize(("here", "there"), [(("bot", "cogs"), {"sandbox", "tests"}), (("sandbox",), {"bot", "cogs"})])
def test_bot_and_sandbox_are_independent(here: tuple[str, ...], there: set[str]) -> None:
    """The stand-ins are written from the documented facts, not from the bot; the bot runs without them."""
    known = [f"{path} imports {name}" for path in sources(*here) for name in imports_of(path) if within(name, there)]
    assert known == []


def test_only_the_store_sees_sql() -> None:
    """No SQL and no database library outside store/."""
    outside = [path for path in sources("bot", "cogs") if "store" not in path.relative_to(ROOT).parts]
    found = [
        f"{path.name}: {node.value[:40]!r}"
        for path in outside
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    found += [
        f"{path.name} imports {name}"
        for path in outside
        for name in imports_of(path)
        if within(name, {"sqlite3", "sqlite_utils"})
    ]
    assert found == []


def test_only_the_clock_reads_the_time_and_sleeps() -> None:
    """Time is injected, so that a test of an hour takes a moment."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {called}"
        for path in sources("bot", "cogs")
        for node, called in called_in(path)
        if TIME.fullmatch(called)
        if str(path.relative_to(ROOT)) not in MAY_ASK_THE_TIME
    ]
    assert found == []


def test_discord_and_aiohttp_stay_in_their_packages() -> None:
    """The queue imports neither Discord nor HTTP; the provider's client does not import Discord."""
    presentation = {"bot.interactions", "bot.ui", "bot.messages", "bot.notifications", "bot.client", "bot.connection"}
    operation = {"bot.ops.gateway_events", "bot.commands.checks"}
    allowed = {
        "discord": presentation | operation | {"bot.localization", "bot.ops.health", "cogs"},
        "aiohttp": presentation | operation | {"bot.apimaster", "bot.media.reference_cache", "bot.ops.http_server"},
    }
    found = [
        f"{module} imports {library}"
        for path in sources("bot", "cogs")
        for name in imports_of(path)
        for library, places in allowed.items()
        if within(name, {library}) and not within(module := module_of(path), places)
    ]
    assert found == []


def test_no_message_may_ping() -> None:
    """The only allowed_mentions value is none; that it is sent is checked by the end-to-end tests."""
    others = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in sources("bot", "cogs")
        for node, called in called_in(path)
        if called.endswith("AllowedMentions")
    ]
    others += [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in sources("bot", "cogs")
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"all", "everyone"} and "Mentions" in ast.unparse(node)
    ]
    assert others == []


def test_pictures_are_opened_in_one_module() -> None:
    """The allowed formats and sizes are decided there."""
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("bot", "cogs")
        for node, called in called_in(path)
        if called == "Image.open"
        if str(path.relative_to(ROOT)) != "bot/media/decoders.py"
    ]
    assert elsewhere == []


def test_files_and_functions_stay_small() -> None:
    """A file of over 330 lines, or a function of over 70, must be split: limits well above the style guide's."""
    long_files = [path.name for path in sources("bot", "cogs") if len(path.read_text().splitlines()) > 330]
    long_functions = [
        f"{path.name}: {node.name}"
        for path in sources("bot", "cogs")
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 70
    ]
    assert (long_files, long_functions) == ([], [])


def test_dependencies_arrive_by_constructor() -> None:
    """The composition root builds and returns: it registers nothing with, and sets nothing on, an existing object."""
    late = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in sources("bot/composition")
        for node in nodes_of(path)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.Assign) and any(isinstance(target, ast.Attribute) for target in node.targets))
    ]
    assert [found for found in late if " durations.learn(" not in found] == []


def test_client_input_is_read_in_one_module() -> None:
    """Values of components, forms and options are validated where they are read, so no other code reads them."""
    raw = {"data", "namespace"}
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in sources("bot", "cogs")
        if str(path.relative_to(ROOT)) != "bot/interactions/received_data.py"
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in raw and ast.unparse(node.value).endswith("interaction")
    ]
    # A style's autocomplete depends on another typed option, used only as true or false.
    assert [found for found in elsewhere if not found.startswith("cogs/style.py")] == []


def test_forms_are_opened_and_received_in_one_module() -> None:
    """There they are bound to their member and place: no other code shows a form or looks up a submitted one."""
    may_call = {
        "send_modal": {"bot/ui/form_binding.py"},
        # An order is identified by its form; a posted picture's form is one of discord.py's.
        "custom_id_of": {"bot/ui/form_binding.py", "bot/ui/modal_ids.py", "bot/ui/modals.py", "bot/ui/remix_modal.py"},
    }
    found = [
        f"{place} {called}"
        for path in sources("bot", "cogs")
        for _, called in called_in(path)
        if (name := called.rpartition(".")[2]) in may_call
        if (place := str(path.relative_to(ROOT))) not in may_call[name]
    ]
    assert found == []


def test_permissions_of_an_interaction_are_used_only_where_listed() -> None:
    """They say nothing about a picture in another channel: use `manages_messages` for those."""
    known = {
        "bot/ui/access.py": "Manage Server, which no channel changes",
        "bot/ui/settings_screen.py": "the same",
        "bot/interactions/permissions.py": "for the interaction's own channel",
        "bot/ui/job_button.py": "beside the channel, which the service compares with the picture's; Manage Server",
        "bot/ui/usage_pages.py": "numbers of a server, as Discord offers the command there",
        "cogs/help.py": "what its reader is shown of commands",
    }
    found = {
        str(path.relative_to(ROOT))
        for path in sources("bot", "cogs")
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "interaction.permissions"
    }
    assert found == set(known)
