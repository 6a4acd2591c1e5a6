"""`/usage` as the people who look after a server meet it, and as nobody else does."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from PIL import Image

from sandbox.apimaster import Fault
from sandbox.driver import DriverError, Message
from tests.e2e.harness import House


async def usage(house: House, subcommand: str, *, by: str = "mod", **options: Any) -> Message:
    """Use `/usage` and return its answer, which is private."""
    interaction = await house.driver.slash(by, f"usage {subcommand}", options)
    await interaction.answered(timeout_s=40)  # a chart takes a second, and many where the machine is busy
    answer = interaction.response or interaction.followups[-1]
    assert answer.ephemeral_to == by
    return answer


async def test_overview_member_and_top_tell_what_was_made_with_a_chart(house: House) -> None:
    """Numbers of this server alone, privately; the chart is a real picture; a member who left is still named."""
    await house.imagine("two of them", count=2, resolution="2K")
    await house.imagine("bob's", member="bob")
    await house.until(lambda: house.states() == ["delivered"] * 3)
    shown = await usage(house, "overview", period="today")
    text = shown.text()
    assert "Pictures: **3** delivered of 3 asked for" in text
    assert "Credits: **3.67 credits** spent" in text
    assert "Members: **2**" in text
    assert "Median wait: **" in text
    assert Image.open(io.BytesIO(await shown.read())).size == (960, 660)
    alice = house.world.user("alice").id
    of_alice = (await usage(house, "member", member="alice")).text()
    assert f"`{alice}`" in of_alice
    assert "two of them" in of_alice
    assert f"1. <@{alice}>: **2.67 credits** · 2 of 2 pictures" in (await usage(house, "top", period="all")).text()
    nothing = await usage(house, "overview", first_day="2020-01-01", last_day="2020-02-01")
    assert "Nothing was asked for in this time" in nothing.text()


async def test_periods_that_are_none_are_refused_privately(house: House) -> None:
    """In the future, backwards, or no day at all: a sentence each, also where it was to be posted."""
    for first, last, sentence in (
        ("2199-01-01", "", "has not come yet"),
        ("2024-02-02", "2024-02-01", "ends (2024-02-01) before it begins"),
        ("yesterday", "", "is no day"),
    ):
        interaction = await house.driver.slash(
            "mod", "usage overview", {"first_day": first, "share": True, **({"last_day": last} if last else {})}
        )
        await interaction.answered()
        told = [*interaction.followups, interaction.response]
        assert any(message is not None and sentence in message.text() for message in told)
        assert house.driver.messages("bob") == []


async def test_what_is_shared_is_posted_for_everybody(house: House) -> None:
    """The answer itself stays private and says so."""
    await house.imagine("for all to see")
    await house.until(lambda: house.states() == ["delivered"])
    await usage(house, "overview", share=True)
    posted = await house.driver.wait_message(lambda m: "Usage of this server" in m.text(), viewer="bob", timeout_s=40)
    assert posted.ephemeral_to is None
    assert len(posted.media()) == 1


async def test_jobs_are_filtered_paged_and_deleted_with_an_entry_in_the_audit(house: House) -> None:
    """Filters combine; the buttons work after a restart; Delete asks first, and the audit says who did it."""
    for prompt, member, count in (
        ("Early", "alice", 2),
        ("Flock", "bob", 4),
        ("Swarm", "bob", 4),
        ("Late", "alice", 2),
    ):
        await house.imagine(f"{prompt} bird", member=member, count=count)
    await house.until(lambda: house.states() == ["delivered"] * 12)
    shown = await usage(house, "jobs")
    assert "Late bird" in shown.text()
    assert "Flock bird" in shown.text()
    await house.bot.stop()
    await house.start()
    await house.driver.click("mod", shown.id, shown.button("Older").custom_id)
    last = await house.shows("Early bird", "Pictures of this server", viewer="mod")
    assert "Late bird" not in last.text()
    found = await usage(house, "jobs", member="alice", text="late  BIRD", state="delivered", channel="general")
    assert "Late bird" in found.text()
    assert "Early bird" not in found.text()
    assert "No picture is like that" in (await usage(house, "jobs", text="horse", period="today")).text()
    await house.driver.select("mod", found.id, "usage_delete", ["11"])
    question = await house.shows("Delete no. 11 of <@", viewer="mod")
    assert question.ephemeral_to == "mod"
    await house.driver.click("mod", question.id, question.button("Delete for good").custom_id)
    await house.until(lambda: not any("Late bird" in message.text() for message in house.driver.messages("bob")))
    mod, alice = (house.world.user(name).id for name in ("mod", "alice"))
    assert f"<@{mod}> · **remove** · <@{alice}> · no. 11" in (await usage(house, "audit")).text()
    assert "deleted" in (await usage(house, "jobs", text="late bird")).text()


async def test_errors_tell_status_code_and_request(house: House) -> None:
    """Refused prompts and an empty balance, as the provider worded them."""
    house.apimaster.script(Fault.balance(402), Fault.http(400, message="no such thing", code="content_filter"))
    await house.imagine("poor")
    await house.until(lambda: house.states() == ["failed"])
    told = (await usage(house, "errors", period="today")).text()
    assert "**failed** · `content_refused / content_filter` · HTTP 400 · request `" in told
    assert "**balance empty**" in told
    assert "HTTP 402" in told
    assert told.count("· no. 1") == 2
    assert "Failures: content refused 1" in (await usage(house, "overview", period="today")).text()


async def test_export_is_a_table_that_a_spreadsheet_can_be_trusted_with(house: House) -> None:
    """Every job of the period, one line each; a prompt that looks like a formula is none; the audit knows of it."""
    await house.imagine("=HYPERLINK(1)", count=2)
    await house.until(lambda: house.states() == ["delivered"] * 2)
    shown = await usage(house, "export", period="today")
    assert "2 pictures" in shown.text()
    [file] = shown.media()
    assert file.filename.startswith("usage-20")
    rows = list(csv.DictReader(io.StringIO((await shown.read()).decode("utf-8-sig"))))
    assert [(row["number"], row["state"], row["charged_credits"]) for row in rows] == [
        ("1", "delivered", "1.0"),
        ("2", "delivered", "1.0"),
    ]
    assert rows[0]["prompt"] == "'=HYPERLINK(1)"
    assert "2 pictures" in (await usage(house, "audit")).text()
    house.faults.upload_limit = 200
    large = await usage(house, "export")
    await house.shows("Choose a shorter period", viewer="mod")
    assert large.media() == []
    house.faults.upload_limit = None
    empty = await usage(house, "export", first_day="2020-01-01", last_day="2020-01-02")
    assert "nothing to export" in empty.text()


async def test_members_have_none_of_it(house: House) -> None:
    """Discord does not offer the command, and the buttons of a list that was shared refuse."""
    for subcommand in ("overview", "top", "jobs", "errors", "export", "audit"):
        with pytest.raises(DriverError):
            await house.driver.slash("alice", f"usage {subcommand}", {})
    await house.imagine("bob's own", member="bob")
    await house.until(lambda: house.states() == ["delivered"])
    await usage(house, "jobs", share=True)
    posted = await house.shows("Pictures of this server", viewer="alice")
    await house.driver.select("alice", posted.id, "usage_delete", ["1"])
    told = await house.shows("may not manage messages", viewer="alice")
    assert told.ephemeral_to == "alice"
    assert house.states() == ["delivered"]
