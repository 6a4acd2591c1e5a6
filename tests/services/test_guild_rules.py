"""Rules take effect at once; words are searched in all text the model would read; no pattern can hang the bot."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.job import JobState
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.rules import Setting, WordRule
from bot.services.guild_rules import GuildRules
from bot.services.word_matcher import checked_rule
from tests.support.build import BOB, GUILD, new_request
from tests.support.pipeline_harness import PipelineHarness

ORIGIN = new_request().origin
CATASTROPHE = r"^(([a-z])+.)+[A-Z]([a-z])+$"


async def refused(rules: GuildRules, prompt: str, *, style_text: str = "", others: tuple[str, ...] = ()) -> str | None:
    """The code with which a prompt is refused."""
    try:
        await rules.checked(PictureSpec(prompt=prompt, style="s", style_text=style_text), ORIGIN, others)
    except Refusal as error:
        return error.code
    return None


async def stored(pipeline_harness: PipelineHarness, rule: WordRule) -> WordRule:
    """A rule that is in the database though it would be rejected today."""
    entry = NewAuditEntry(guild_id=GUILD, actor_id=BOB, action=AuditAction.WORDS, detail="")
    return replace(rule, id=await pipeline_harness.store.rules.add_words(GUILD, rule, entry))


async def test_change_takes_effect_at_once_and_is_audited(pipeline_harness: PipelineHarness) -> None:
    """Also if the rules were read, and cached, just before."""
    left_open = replace(PictureSpec(prompt="x"), left_open=frozenset({"resolution"}))
    assert (await pipeline_harness.rules.checked(left_open, ORIGIN, ())).resolution is Resolution.ONE_K
    await pipeline_harness.rules.change(
        GUILD, BOB, Setting.DEFAULT_RESOLUTION, Resolution.TWO_K, "default_resolution: 2K"
    )
    assert (await pipeline_harness.rules.checked(left_open, ORIGIN, ())).resolution is Resolution.TWO_K
    outside = replace(ORIGIN, guild_id=None)
    assert (await pipeline_harness.rules.checked(left_open, outside, ())).resolution is Resolution.ONE_K
    await pipeline_harness.rules.change(GUILD, BOB, Setting.DEFAULT_RESOLUTION, None, "default_resolution: reset")
    assert (await pipeline_harness.rules.of(GUILD)).default_resolution is None
    (second, first) = await pipeline_harness.store.audit.entries(GUILD, limit=9)
    assert (first.actor_id, first.action, first.detail) == (BOB, AuditAction.SETTING, "default_resolution: 2K")
    assert second.detail == "default_resolution: reset"


async def test_words_are_searched_in_prompt_style_and_every_variant(pipeline_harness: PipelineHarness) -> None:
    """In all text the model would read: a word may be formed only by the choices of a prompt."""
    await pipeline_harness.rules.add_words(GUILD, BOB, WordRule(pattern="nude"))
    assert await refused(pipeline_harness.rules, "a nude") == "words_refused"
    assert await refused(pipeline_harness.rules, "a dude", style_text="nude, in oil") == "words_refused"
    assert await refused(pipeline_harness.rules, "a nu{de, t}", others=("a nude", "a nut")) == "words_refused"
    assert await refused(pipeline_harness.rules, "a denuded hill") is None


async def test_pattern_is_matched_on_the_typed_and_the_normalised_text(pipeline_harness: PipelineHarness) -> None:
    """Case and look-alike letters hide nothing; a removed pattern no longer applies."""
    rule = await pipeline_harness.rules.add_words(GUILD, BOB, WordRule(pattern=r"\bn[u4]d[e3]s?\b", regex=True))
    for prompt in ("NUDE", "a \uff4e\uff55\uff44\uff45", "n4d3s", "nu\u200bde"):
        assert await refused(pipeline_harness.rules, prompt) == "pattern_refused"
    assert await refused(pipeline_harness.rules, "denuded") is None
    await pipeline_harness.rules.remove_words(GUILD, BOB, rule.id)
    assert await refused(pipeline_harness.rules, "NUDE") is None
    with pytest.raises(Refusal, match="no_such_rule"):
        await pipeline_harness.rules.remove_words(GUILD, BOB, rule.id)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("", "empty_rule"),
        ("\u200b", "empty_rule"),
        ("(", "bad_pattern"),
        ("x" * 201, "long_rule"),
        (".*", "empty_pattern"),
        (r"(\w+\s?)*$", "empty_pattern"),
        (r"(a+)+$", "slow_pattern"),
        (r"(x+x+)+y", "slow_pattern"),
        (CATASTROPHE, "slow_pattern"),
    ],
)
def test_unusable_pattern_is_refused_when_it_is_added(pattern: str, code: str) -> None:
    """Empty, invalid, matching everything, or backtracking forever: each gets its reason."""
    with pytest.raises(Refusal) as refusal:
        checked_rule(WordRule(pattern=pattern, regex=True))
    assert refusal.value.code == code


async def test_endless_pattern_refuses_its_prompt_and_blocks_no_one(
    pipeline_harness: PipelineHarness,
) -> None:
    """The event loop keeps running; the server's moderators are notified once."""
    rule = await stored(pipeline_harness, WordRule(pattern=CATASTROPHE, regex=True))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await refused(pipeline_harness.rules, "a" * 3_000 + "!") == "words_unchecked"
    assert await refused(pipeline_harness.rules, "b" * 3_000 + "!") == "words_unchecked"
    counting.cancel()
    assert turns > 10
    assert pipeline_harness.slow_patterns == [(GUILD, rule)]
    assert await refused(pipeline_harness.rules, "5") is None


async def test_text_that_expands_too_far_is_refused_where_words_are_forbidden(
    pipeline_harness: PipelineHarness,
) -> None:
    """It is neither let through nor blamed on a rule. Without word rules, nothing is matched."""
    assert await refused(pipeline_harness.rules, "\ufdfa" * 3_970) is None
    await pipeline_harness.rules.add_words(GUILD, BOB, WordRule(pattern="cat"))
    for text in ("\ufdfa" * 3_970, "\u0344" * 3_970, "e" + "\u0316\u0301" * 1_984):
        assert await refused(pipeline_harness.rules, text) == "words_unreadable"
        assert await refused(pipeline_harness.rules, "a dog", others=("a dog", text)) == "words_unreadable"
    assert pipeline_harness.slow_patterns == []
    assert await refused(pipeline_harness.rules, "a dog") is None


async def test_patterns_that_are_too_slow_together_refuse_an_order_and_name_the_slowest(
    pipeline_harness: PipelineHarness,
) -> None:
    """None of them alone takes too long."""
    rules = [
        await stored(pipeline_harness, WordRule(pattern=f"(?:x+)[{chr(97 + number)}]", regex=True))
        for number in range(20)
    ]
    assert await refused(pipeline_harness.rules, "x" * 3_900) == "words_unchecked"
    [(_, told)] = pipeline_harness.slow_patterns
    assert told in rules


async def test_dry_run_lists_rules_and_past_prompts(pipeline_harness: PipelineHarness) -> None:
    """With stored rules, or one that is only proposed."""
    for prompt in ("a red cat", "a dog", "a blue cat"):
        await pipeline_harness.store.accept(new_request(prompt=prompt))
    cat, colour = WordRule(pattern="cat"), WordRule(pattern="red|blue", regex=True)
    assert await pipeline_harness.rules.matching(GUILD, BOB, [cat, colour], "a red house") == [colour]
    assert [past.prompt for past, _ in await pipeline_harness.rules.tried(GUILD, BOB, [cat], most=100)] == [
        "a blue cat",
        "a red cat",
    ]
    assert [past.prompt for past, _ in await pipeline_harness.rules.tried(GUILD, BOB, [cat], most=2)] == ["a blue cat"]


async def test_what_was_accepted_keeps_the_rules_it_was_accepted_with(pipeline_harness: PipelineHarness) -> None:
    """A rule that would refuse it now does not affect a picture that waits."""
    request_id = await pipeline_harness.store.accept(new_request(resolution=Resolution.FOUR_K, prompt="a cat"))
    await pipeline_harness.rules.change(GUILD, BOB, Setting.HIGHEST_RESOLUTION, Resolution.ONE_K, "lower")
    await pipeline_harness.rules.add_words(GUILD, BOB, WordRule(pattern="cat"))
    [job] = (await pipeline_harness.store.view(request_id)).jobs
    assert job.state is JobState.QUEUED
    assert [admitted.id for admitted in await pipeline_harness.store.admit("owner", most=9)] == [job.id]
