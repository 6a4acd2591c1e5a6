"""Settings: what is accepted, and the one sentence about an invalid one."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import StartupError
from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).resolve().parents[1] / ".env.example"
NAMES = {name.upper() for name in Settings.model_fields}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings of the user who runs the tests, and no .env."""
    for name in set(os.environ) & (NAMES | {name.lower() for name in NAMES}):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_everything_has_its_documented_default() -> None:
    """An empty environment is a valid one; only the two secrets are missing."""
    settings = load_settings()
    assert (settings.discord_token, settings.apimaster_api_key) == (None, None)
    assert settings.discord_api_url == "https://discord.com/api/v10"
    assert settings.discord_cdn_hosts[:2] == ("cdn.discordapp.com", "media.discordapp.net")
    assert settings.apimaster_base_url == "https://apimaster.ai"
    assert settings.apimaster_model == "gemini-3.1-flash-image-preview"
    assert (settings.first_poll_seconds, settings.poll_seconds, settings.job_timeout_seconds) == (12, 4, 1_200)
    assert (settings.per_user_running, settings.per_user_pending, settings.max_running) == (2, 10, 100)
    assert (settings.credit_price_1k, settings.group_ratio) == (Decimal(1), Decimal(1))
    assert (settings.balance_probe_seconds, settings.log_format) == (60, "text")
    assert (settings.max_waiting_while_paused, settings.low_balance_credits) == (1_000, Decimal(0))
    assert settings.owner_ids == ()
    assert (settings.http_port, settings.http_host) == (None, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_API_URL", "discord.com"),
        ("DISCORD_API_URL", "ftp://discord.com"),
        ("DISCORD_CDN_HOSTS", " , "),
        ("DISCORD_CDN_HOSTS", "https://cdn.example"),
        ("RESULT_HOSTS", "http://10.0.0.1/"),
        ("APIMASTER_BASE_URL", "https://"),
        ("APIMASTER_BASE_URL", "https://api master.ai"),
        ("FIRST_POLL_SECONDS", "soon"),
        ("FIRST_POLL_SECONDS", "0"),
        ("POLL_SECONDS", "-1"),
        ("POLL_SECONDS", "nan"),
        ("JOB_TIMEOUT_SECONDS", "1e9"),
        ("PER_USER_RUNNING", "0"),
        ("PER_USER_RUNNING", "1.5"),
        ("PER_USER_PENDING", "many"),
        ("MAX_RUNNING", "0"),
        ("CREDIT_PRICE_1K", "-1"),
        ("CREDIT_PRICE_1K", "1,5"),
        ("GROUP_RATIO", "NaN"),
        ("BALANCE_PROBE_SECONDS", "0"),
        ("MAX_WAITING_WHILE_PAUSED", "-1"),
        ("LOW_BALANCE_CREDITS", "a few"),
        ("OWNER_IDS", "me"),
        ("OWNER_IDS", "0"),
        ("HTTP_PORT", "0"),
        ("SHARD_COUNT", "0"),
        ("SHARD_IDS", "0,x"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_malformed_setting_is_named_in_one_sentence(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable and the fix, on one line, without a traceback."""
    monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        load_settings()
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is malformed")
    assert "Correct it in .env or the environment." in sentence
    assert "\n" not in sentence
    assert "pydantic" not in sentence.lower()


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "APIMASTER_API_KEY"])
@pytest.mark.parametrize("value", [None, "", "   "])
def test_missing_secret_is_named_with_its_source(name: str, value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset, empty and blank give the same sentence."""
    if value is not None:
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupError, match=rf"^{name} is not set\. Copy it from "):
        load_settings().require(name)


def test_secret_with_a_line_break_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token pasted with a line break would become a malformed header; the sentence does not repeat it."""
    monkeypatch.setenv("DISCORD_TOKEN", "first-half\nsecond-half")
    with pytest.raises(StartupError, match="DISCORD_TOKEN has a blank or a strange character") as caught:
        load_settings().require("DISCORD_TOKEN")
    assert "half" not in str(caught.value)


def test_secrets_are_stripped_and_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trailing blank is stripped; a repr in a log has no secret."""
    monkeypatch.setenv("DISCORD_TOKEN", " very-secret ")
    settings = load_settings()
    assert settings.require("DISCORD_TOKEN")["DISCORD_TOKEN"].get_secret_value() == "very-secret"
    assert "very-secret" not in repr(settings)
    assert settings.secrets() == (" very-secret ",)


def test_lists_may_have_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts and shards are separated by commas."""
    monkeypatch.setenv("DISCORD_CDN_HOSTS", " 127.0.0.1:8000 , CDN.example ,")
    monkeypatch.setenv("RESULT_HOSTS", "cache.internal,[FD00::8]:9000")
    monkeypatch.setenv("SHARD_IDS", "0, 2")
    monkeypatch.setenv("SHARD_COUNT", "4")
    settings = load_settings()
    assert settings.discord_cdn_hosts == ("127.0.0.1:8000", "cdn.example")
    assert settings.result_hosts == ("cache.internal", "[fd00::8]:9000")
    assert settings.shard_ids == (0, 2)


def test_values_are_case_insensitive_and_urls_lose_their_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON, Debug and a trailing slash are accepted."""
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("APIMASTER_BASE_URL", "http://127.0.0.1:9/")
    settings = load_settings()
    assert (settings.log_format, settings.log_level) == ("json", "DEBUG")
    assert settings.apimaster_base_url == "http://127.0.0.1:9"


def test_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An exported variable has priority; unknown names in the file are ignored."""
    (tmp_path / ".env").write_text("MAX_RUNNING=7\nPER_USER_RUNNING=3\nSOMETHING_ELSE=1\n", encoding="utf-8")
    monkeypatch.setenv("MAX_RUNNING", "9")
    settings = load_settings()
    assert (settings.max_running, settings.per_user_running) == (9, 3)


def test_unreadable_file_is_reported_in_one_sentence(tmp_path: Path) -> None:
    """A .env that is not text is named."""
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\x00")
    with pytest.raises(StartupError, match=r"^\.env cannot be read"):
        load_settings()


def test_example_explains_every_setting_once() -> None:
    """Each setting is once in .env.example, below a comment; nothing there is unknown."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    named = [match[1] for line in lines if (match := re.match(r"#?([A-Z][A-Z0-9_]*)=", line))]
    assert sorted(named) == sorted(NAMES)
    for number, line in enumerate(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]*=", line):
            assert lines[number - 1].startswith("#"), f"{line} has no explanation above it"


def test_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default in the file is the default in the code."""
    before = load_settings()
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"#?([A-Z][A-Z0-9_]*)=(.*)", line):
            monkeypatch.setenv(match[1], match[2])
    assert load_settings() == before
