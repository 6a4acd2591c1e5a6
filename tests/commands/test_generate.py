"""`generate` from end to end: the command against the stand-in, in this process and as a separate one."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from bot.clock import SystemClock
from bot.commands.generate import generate
from bot.commands.progress import TerminalProgress
from sandbox.apimaster import ApimasterServer, Fault, Knobs

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
async def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[ApimasterServer]:
    """A stand-in that finishes every task at once, and the settings that point to it."""
    async with ApimasterServer(knobs=Knobs(latency_s=0)) as server:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("APIMASTER_BASE_URL", server.base_url)
        monkeypatch.setenv("APIMASTER_API_KEY", server.api_key)
        monkeypatch.setenv("FIRST_POLL_SECONDS", "0.01")
        monkeypatch.setenv("POLL_SECONDS", "0.01")
        yield server


async def run(*arguments: str) -> Result:
    """The command, in its own thread since it runs its own event loop."""
    return await asyncio.to_thread(CliRunner().invoke, generate, arguments)


async def test_picture_is_made_and_its_facts_are_printed(provider: ApimasterServer) -> None:
    """Pixels, size, time, price, reported cost and the task's id; progress as plain lines."""
    result = await run("a fox", "--size", "16:9", "--resolution", "2k", "-o", "fox.jpg")
    assert result.exit_code == 0, result.output
    with Image.open("fox.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (2752, 1536))
    assert "fox.jpg: 2752x1536 JPEG" in result.stdout
    assert "price: 1.33 credits" in result.stdout
    assert "cost reported by the provider: 1.33333" in result.stdout
    assert f"task: {provider.posts[0].task_id}" in result.stdout
    assert "s  submitting\n" in result.stderr
    assert "\x1b" not in result.output


async def test_the_sync_mode_makes_one_call(provider: ApimasterServer) -> None:
    """And no task is printed."""
    result = await run("a fox", "--sync", "-o", "fox.jpg")
    assert result.exit_code == 0, result.output
    assert [post.path for post in provider.posts] == ["/v1/images/generations"]
    assert "task:" not in result.stdout


async def test_output_extension_selects_the_format(provider: ApimasterServer) -> None:
    """A result in another format is converted, and that is printed."""
    provider.knobs.picture_format = "webp"
    for name, picture_format in (("a.png", "PNG"), ("a.jpeg", "JPEG"), ("a.webp", "WEBP")):
        result = await run("a fox", "-o", name)
        assert result.exit_code == 0, result.output
        with Image.open(name) as picture:
            assert picture.format == picture_format
        assert ("converted from WEBP" in result.stdout) == (picture_format != "WEBP")


async def test_a_local_reference_is_uploaded(provider: ApimasterServer, tmp_path: Path) -> None:
    """A URL is passed on unchanged."""
    Image.new("RGB", (8, 8), "red").save(tmp_path / "reference.png")
    result = await run("a fox", "--image", "reference.png", "--image", "http://192.0.2.1/b.png", "-o", "fox.jpg")
    assert result.exit_code == 0, result.output
    urls = provider.posts[0].body["image_urls"]
    assert isinstance(urls, list)
    assert urls[0].startswith(f"{provider.base_url}/uploads/")
    assert urls[1] == "http://192.0.2.1/b.png"


async def test_without_uploads_a_reference_is_sent_inline(provider: ApimasterServer, tmp_path: Path) -> None:
    """Not every deployment has the endpoint."""
    provider.knobs.uploads = False
    Image.new("RGB", (8, 8), "red").save(tmp_path / "reference.png")
    result = await run("a fox", "--image", "reference.png", "-o", "fox.jpg")
    assert result.exit_code == 0, result.output
    urls = provider.posts[0].body["image_urls"]
    assert isinstance(urls, list)
    assert urls[0].startswith("data:image/png;base64,")


BAD_INPUT = [
    (["-o", "a.jpg"], "PROMPT or --task"),
    (["a fox", "--task", "t", "-o", "a.jpg"], "PROMPT or --task"),
    (["", "-o", "a.jpg"], "prompt is empty"),
    (["x" * 4001, "-o", "a.jpg"], "4000"),
    (["a fox", "--size", "7:3", "-o", "a.jpg"], "16:9"),
    (["a fox", "--resolution", "8K", "-o", "a.jpg"], "4K"),
    (["a fox", "--google-image-search", "-o", "a.jpg"], "--google-search"),
    (["a fox", "-o", "a.txt"], ".png"),
    (["a fox", "-o", "missing/a.png"], "missing"),
    (["a fox", "--image", "missing.png", "-o", "a.png"], "missing.png"),
    (["a fox", "--image", "text.png", "-o", "a.png"], "not a PNG"),
    (["a fox", *["--image", "http://h/1.png"] * 15, "-o", "a.png"], "14"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_INPUT)
async def test_bad_input_is_one_sentence_and_nothing_is_sent(
    provider: ApimasterServer, tmp_path: Path, arguments: list[str], words: str
) -> None:
    """Exit code 2."""
    (tmp_path / "text.png").write_text("no picture")
    result = await run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert provider.posts == []


@pytest.mark.parametrize(
    ("name", "value"), [("APIMASTER_API_KEY", ""), ("APIMASTER_BASE_URL", "ftp://x"), ("POLL_SECONDS", "often")]
)
async def test_a_bad_setting_is_named(
    provider: ApimasterServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Exit code 2, one line."""
    monkeypatch.setenv(name, value)
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 2
    assert name in result.stderr
    assert result.stderr.count("\n") == 1
    assert provider.posts == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.http(400), "bad_request"),
        (Fault.http(401), "invalid_key"),
        (Fault.balance(), "balance"),
        (Fault.refused(), "content_refused"),
        (Fault.http(503), "unavailable"),
        (Fault.charged_then_reset(), "outcome_unknown"),
        (Fault.task_fails("no luck"), "task_failed"),
        (Fault.task_fails("no", code="content_filter"), "content_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
async def test_providers_refusal_is_printed_with_its_code(provider: ApimasterServer, fault: Fault, code: str) -> None:
    """Exit code 1, and no file is left on disk."""
    provider.script(fault)
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 1
    assert f"Error: [{code}] " in result.stderr
    assert "Traceback" not in result.output
    assert len(provider.posts) == 1
    assert not Path("a.jpg").exists()  # noqa: ASYNC240 - a test may look at its disk


async def test_sync_timeout_says_what_the_guide_says(provider: ApimasterServer) -> None:
    """Async mode or a lower resolution, and a possible charge."""
    provider.script(Fault.http(408))
    result = await run("a fox", "--sync", "-o", "a.jpg")
    assert result.exit_code == 1
    assert "[sync_timeout]" in result.stderr
    assert "lower resolution" in result.stderr


async def test_transient_errors_are_retried(provider: ApimasterServer) -> None:
    """Polls and downloads are repeated; the POST is not."""
    provider.script_poll(Fault.http(503), Fault.html(), Fault.truncated(), Fault.word("queued"))
    provider.script_result(Fault.http(503))
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 0, result.output
    assert len(provider.posts) == 1


async def test_a_task_that_never_ends_can_be_fetched_later(
    provider: ApimasterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the job timeout the command gives up, and says how to continue."""
    monkeypatch.setenv("JOB_TIMEOUT_SECONDS", "0.03")
    provider.script(Fault.never_ends())
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 1
    assert "[task_timeout]" in result.stderr
    assert f"generate --task {provider.posts[0].task_id} -o a.jpg" in result.stderr


UNUSABLE = [(Fault.http(404), "result_gone"), (Fault.bytes(b"<html></html>"), "not_a_picture")]


async def test_expired_url_is_requested_again(provider: ApimasterServer) -> None:
    """The next poll returns a valid one; the POST is not repeated."""
    stale = {"status": "completed", "result": {"images": [{"url": f"{provider.base_url}/results/gone.jpg"}]}}
    provider.script_poll(Fault.reply(json.dumps({"code": 200, "data": stale}).encode()))
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 0, result.output
    assert "asking for the picture again" in result.stderr
    assert len(provider.posts) == 1


@pytest.mark.parametrize(("fault", "code"), UNUSABLE)
async def test_unusable_picture_is_requested_three_times(
    provider: ApimasterServer, tmp_path: Path, fault: Fault, code: str
) -> None:
    """Then the command says how to fetch it later, and an existing file of that name stays."""
    (tmp_path / "a.jpg").write_text("older")
    provider.script_result(fault, fault, fault)
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 1
    assert f"[{code}]" in result.stderr
    assert f"generate --task {provider.posts[0].task_id} -o a.jpg" in result.stderr
    assert "make it anew" not in result.stderr
    assert (tmp_path / "a.jpg").read_text() == "older"
    assert (await run("--task", str(provider.posts[0].task_id), "-o", "a.jpg")).exit_code == 0


@pytest.mark.parametrize(("fault", "code"), UNUSABLE)
async def test_two_unusable_pictures_are_retried(provider: ApimasterServer, fault: Fault, code: str) -> None:
    """The third try is the last and still counts."""
    provider.script_result(fault, fault)
    result = await run("a fox", "-o", "a.jpg")
    assert result.exit_code == 0, f"{code}: {result.output}"


async def test_picture_without_a_task_is_not_requested_again(provider: ApimasterServer) -> None:
    """There is nothing to poll, and no task to name."""
    provider.script_result(Fault.http(404))
    result = await run("a fox", "--sync", "-o", "a.jpg")
    assert result.exit_code == 1
    assert "[result_gone]" in result.stderr
    assert "--task" not in result.stderr
    assert len(provider.posts) == 1


async def test_an_earlier_task_can_be_fetched(provider: ApimasterServer) -> None:
    """Without a second POST: it was already paid for."""
    await run("a fox", "-o", "a.jpg")
    task_id = provider.posts[0].task_id
    result = await run("--task", str(task_id), "-o", "b.png")
    assert result.exit_code == 0, result.output
    assert len(provider.posts) == 1
    with Image.open("b.png") as picture:
        assert picture.format == "PNG"


async def test_ctrl_c_prints_the_task_that_continues(provider: ApimasterServer, tmp_path: Path) -> None:
    """Exit code 130, as shells expect, and how to get the picture later."""
    provider.script(Fault.never_ends())
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # background jobs ignore it
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"{heard}; from bot.commands.generate import generate; generate()",
        *("a fox", "-o", str(tmp_path / "a.jpg")),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    seen = b""
    while b"is running" not in seen:
        line = await process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    _, rest = await process.communicate()
    assert process.returncode == 130
    task_id = provider.posts[0].task_id
    assert f"--task {task_id}" in rest.decode()
    assert "Traceback" not in rest.decode()


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


async def test_progress_on_a_terminal_is_one_updating_line() -> None:
    """It is redrawn in the same line and removed at the end."""
    stream = Terminal()
    progress = TerminalProgress(stream, SystemClock())
    async with progress.running():
        progress.step("submitting")
    shown = stream.getvalue()
    assert "submitting" in shown
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[K")
