"""Fixtures: a headless Chromium on the sandbox's page, with the real bot or one played by the test."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page, ViewportSize, async_playwright

from sandbox.apimaster import Knobs
from sandbox.page import PageServer
from sandbox.stack import Sandbox
from tests.support.fork_server import NURSERY

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
DESKTOP: ViewportSize = {"width": 1280, "height": 800}


class Visit(NamedTuple):
    """One browser tab on the page of a sandbox."""

    sandbox: Sandbox
    server: PageServer
    tab: Page


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The installed Chromium, started once: a start takes longer than most tests. No browser is downloaded."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        reason = f"no Chromium on PATH (tried {', '.join(_NAMES)})"
        if os.environ.get("REQUIRE_ALL_TESTS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*_FLAGS])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tab(browser: Browser) -> Page:
    """The one tab of all tests, since a new one is a new process. Each server's page has its own storage."""
    tab = await browser.new_page(reduced_motion="reduce")  # animations are rendered on the CPU here
    tab.set_default_timeout(PATIENCE_MS)
    return tab


@pytest.fixture
def complaints() -> list[str]:
    """Errors from the browser's console and the page's code; a test may allow some by removing them."""
    return []


async def _visit(tab: Page, sandbox: Sandbox, complaints: list[str]) -> AsyncIterator[Visit]:
    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    tab.on("console", on_console)
    tab.on("pageerror", on_error)
    async with PageServer(sandbox) as server:
        await tab.set_viewport_size(DESKTOP)
        await tab.goto(server.url)
        await tab.get_by_test_id("composer").wait_for()
        yield Visit(sandbox, server, tab)
        await tab.goto("about:blank")
    tab.remove_listener("console", on_console)
    tab.remove_listener("pageerror", on_error)
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def with_bot(tab: Page, complaints: list[str], tmp_path: Path) -> AsyncIterator[Visit]:
    """The page with the real, connected bot; the browser must log no errors."""
    async with Sandbox(data_dir=tmp_path, knobs=Knobs(latency_s=0.5), launch=NURSERY.launch) as sandbox:
        await sandbox.driver.wait_for_bot()
        async for visit in _visit(tab, sandbox, complaints):
            yield visit


@pytest_asyncio.fixture(loop_scope="session")
async def without_bot(tab: Page, complaints: list[str], tmp_path: Path) -> AsyncIterator[Visit]:
    """The page alone; a test plays the bot itself if it needs one."""
    async with Sandbox(data_dir=tmp_path, with_bot=False) as sandbox:
        async for visit in _visit(tab, sandbox, complaints):
            yield visit
