"""`/usage` for the managers of a server, and its refusal to other members."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from PIL import Image

from sandbox.apimaster import Fault
from sandbox.driver import DriverError, Message
from tests.e2e.harness import Harness


async def usage(harness: Harness, subcommand: str, *, by: str = "mod", **options: Any) -> Message:
    """Use `/usage` and return its answer, which is private."""
    interaction = await harness.driver.slash(by, f"usage {subcommand}", options)
    await interaction.answered(timeout_s=40)  # a chart takes a second, and many on a busy machine
    answer = interaction.response or interaction.followups[-1]
    assert answer.ephemeral_to == by
    return answer


async def test_overview_member_and_top_show_usage_with_a_chart(harness: Harness) -> None:
    """Numbers of this server only, privately; the chart is a valid picture; a member who has left is still named."""
    await harness.imagine("two of them", count=2, resolution="2K")
    await harness.imagine("bob's", member="bob")
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    shown = await usage(harness, "overview", period="today")
    text = shown.text()
    assert "Pictures: **3** delivered of 3 asked for" in text
    assert "Credits: **3.67 credits** spent" in text
    assert "Members: **2**" in text
    assert "Median wait: **" in text
    assert Image.open(io.BytesIO(await shown.read())).size == (960, 660)
    alice = harness.world.user("alice").id
    of_alice = (await usage(harness, "member", member="alice")).text()
    assert f"`{alice}`" in of_alice
    assert "two of them" in of_alice
    assert f"1. <@{alice}>: **2.67 credits** · 2 of 2 pictures" in (await usage(harness, "top", period="all")).text()
    nothing = await usage(harness, "overview", first_day="2020-01-01", last_day="2020-02-01")
    assert "Nothing was asked for in this time" in nothing.text()


async def test_invalid_periods_are_refused_privately(harness: Harness) -> None:
    """In the future, reversed, or not a date: one sentence each, also if the answer was to be shared."""
    for first, last, sentence in (
        ("2199-01-01", "", "has not come yet"),
        ("2024-02-02", "2024-02-01", "ends (2024-02-01) before it begins"),
        ("yesterday", "", "is no day"),
    ):
        interaction = await harness.driver.slash(
            "mod", "usage overview", {"first_day": first, "share": True, **({"last_day": last} if last else {})}
        )
        await interaction.answered()
        told = [*interaction.followups, interaction.response]
        assert any(message is not None and sentence in message.text() for message in told)
        assert harness.driver.messages("bob") == []


async def test_shared_usage_is_posted_publicly(harness: Harness) -> None:
    """The response itself stays private and says so."""
    await harness.imagine("for all to see")
    await harness.until(lambda: harness.states() == ["delivered"])
    await usage(harness, "overview", share=True)
    posted = await harness.driver.wait_message(lambda m: "Usage of this server" in m.text(), viewer="bob", timeout_s=40)
    assert posted.ephemeral_to is None
    assert len(posted.media()) == 1


async def test_jobs_are_filtered_paged_and_deleted_with_an_audit_entry(harness: Harness) -> None:
    """Filters combine; the buttons work after a restart; Delete asks first, and the audit names the moderator."""
    for prompt, member, count in (
        ("Early", "alice", 2),
        ("Flock", "bob", 4),
        ("Swarm", "bob", 4),
        ("Late", "alice", 2),
    ):
        await harness.imagine(f"{prompt} bird", member=member, count=count)
    await harness.until(lambda: harness.states() == ["delivered"] * 12)
    shown = await usage(harness, "jobs")
    assert "Late bird" in shown.text()
    assert "Flock bird" in shown.text()
    await harness.bot.stop()
    await harness.start()
    await harness.driver.click("mod", shown.id, shown.button("Older").custom_id)
    last = await harness.shows("Early bird", "Pictures of this server", viewer="mod")
    assert "Late bird" not in last.text()
    found = await usage(harness, "jobs", member="alice", text="late  BIRD", state="delivered", channel="general")
    assert "Late bird" in found.text()
    assert "Early bird" not in found.text()
    assert "No picture is like that" in (await usage(harness, "jobs", text="horse", period="today")).text()
    await harness.driver.select("mod", found.id, "usage_delete", ["11"])
    question = await harness.shows("Delete no. 11 of <@", viewer="mod")
    assert question.ephemeral_to == "mod"
    await harness.driver.click("mod", question.id, question.button("Delete for good").custom_id)
    await harness.until(lambda: not any("Late bird" in message.text() for message in harness.driver.messages("bob")))
    mod, alice = (harness.world.user(name).id for name in ("mod", "alice"))
    assert f"<@{mod}> · **remove** · <@{alice}> · no. 11" in (await usage(harness, "audit")).text()
    assert "deleted" in (await usage(harness, "jobs", text="late bird")).text()


async def test_errors_show_status_code_and_request(harness: Harness) -> None:
    """Refused prompts and an empty balance, in the provider's words."""
    harness.apimaster.script(Fault.balance(402), Fault.http(400, message="no such thing", code="content_filter"))
    await harness.imagine("poor")
    await harness.until(lambda: harness.states() == ["failed"])
    told = (await usage(harness, "errors", period="today")).text()
    assert "**failed** · `content_refused / content_filter` · HTTP 400 · request `" in told
    assert "**balance empty**" in told
    assert "HTTP 402" in told
    assert told.count("· no. 1") == 2
    assert "Failures: content refused 1" in (await usage(harness, "overview", period="today")).text()


async def test_export_is_safe_for_spreadsheets(harness: Harness) -> None:
    """Every job of the period, one row each; a prompt that looks like a formula is escaped; the export is audited."""
    await harness.imagine("=HYPERLINK(1)", count=2)
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    shown = await usage(harness, "export", period="today")
    assert "2 pictures" in shown.text()
    [file] = shown.media()
    assert file.filename.startswith("usage-20")
    rows = list(csv.DictReader(io.StringIO((await shown.read()).decode("utf-8-sig"))))
    assert [(row["number"], row["state"], row["charged_credits"]) for row in rows] == [
        ("1", "delivered", "1.0"),
        ("2", "delivered", "1.0"),
    ]
    assert rows[0]["prompt"] == "'=HYPERLINK(1)"
    assert "2 pictures" in (await usage(harness, "audit")).text()
    harness.faults.upload_limit = 200
    large = await usage(harness, "export")
    await harness.shows("Choose a shorter period", viewer="mod")
    assert large.media() == []
    harness.faults.upload_limit = None
    empty = await usage(harness, "export", first_day="2020-01-01", last_day="2020-01-02")
    assert "nothing to export" in empty.text()


async def test_ordinary_members_are_refused(harness: Harness) -> None:
    """Discord does not offer the command, and the buttons of a shared list refuse."""
    for subcommand in ("overview", "top", "jobs", "errors", "export", "audit"):
        with pytest.raises(DriverError):
            await harness.driver.slash("alice", f"usage {subcommand}", {})
    await harness.imagine("bob's own", member="bob")
    await harness.until(lambda: harness.states() == ["delivered"])
    await usage(harness, "jobs", share=True)
    posted = await harness.shows("Pictures of this server", viewer="alice")
    await harness.driver.select("alice", posted.id, "usage_delete", ["1"])
    told = await harness.shows("may not manage messages", viewer="alice")
    assert told.ephemeral_to == "alice"
    assert harness.states() == ["delivered"]
