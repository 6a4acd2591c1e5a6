"""Servers' rules, kept at hand, so that a refusal is immediate; each change is stored, audited and holds at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.clock import Clock
from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.job import Origin
from bot.domain.order_rules import check_not_blocked, check_place, within_rules, words_in_force
from bot.domain.picture import PictureSpec
from bot.domain.rules import ServerRules, Setting, WordRule, checked_setting, with_setting
from bot.ports.rules import BlockStore, PastPrompt, RuleStore
from bot.services.rule_cache import RuleCache
from bot.services.word_filter import WordFilter
from bot.services.word_lane import Payer
from bot.services.word_matcher import MatchResult


class GuildRules:
    """The rules of every server that somebody asked about since the start. Jobs accepted keep the rules of then."""

    def __init__(
        self,
        cache: RuleCache,
        *,
        store: RuleStore,
        blocks: BlockStore,
        clock: Clock,
        words: WordFilter,
        on_slow_pattern: Iterable[Callable[[int, WordRule], None]] = (),
    ) -> None:
        self._cache = cache
        self._store = store
        self._blocks = blocks
        self._clock = clock
        self._words = words
        self._on_slow_pattern = tuple(on_slow_pattern)
        self._slow: set[int] = set()

    async def of(self, guild_id: int) -> ServerRules:
        """A server's rules. Raises StoreError where they are asked for first and cannot be read."""
        return await self._cache.of(guild_id)

    async def checked(self, spec: PictureSpec, origin: Origin, prompts: Sequence[str]) -> PictureSpec:
        """An order as the rules of its server have it: with their defaults and spoilers; raises Refusal.

        `prompts` are those that the prompt stands for. Outside of servers only the defaults of all hold.
        """
        if origin.guild_id is None:
            return replace(spec, left_open=frozenset())
        rules = await self.of(origin.guild_id)
        check_place(rules, origin)
        ruled = within_rules(rules, spec, origin)
        await self.check_member(origin.guild_id, origin.user_id)
        in_force = words_in_force(rules, origin)
        if in_force:
            texts = [replace(ruled, prompt=prompt).whole_prompt for prompt in dict.fromkeys((spec.prompt, *prompts))]
            await self._check_words(Payer(guild_id=origin.guild_id, member_id=origin.user_id), in_force, texts)
        return ruled

    async def check_member(self, guild_id: int | None, member_id: int) -> None:
        """Refuse what a blocked member asks for."""
        if guild_id is not None:
            check_not_blocked(await self._blocks.block_of(guild_id, member_id), self._clock.now())

    async def _check_words(self, payer: Payer, rules: Sequence[WordRule], prompts: Sequence[str]) -> None:
        """Refuse prompts that a rule forbids, and those that cannot be checked within the limits.

        These are refused rather than let through: else whoever finds a prompt that is slow enough is past the rule.
        """
        found = await self._words.first_match(payer, rules, prompts)
        if found.matching:
            [rule] = found.matching
            if rule.regex:
                raise Refusal("pattern_refused")
            raise Refusal("words_refused", words=rule.pattern)
        for rule in found.too_slow:
            if rule.id not in self._slow:
                self._slow.add(rule.id)
                for slow in self._on_slow_pattern:
                    slow(payer.guild_id, rule)
        if found.unfoldable:
            raise Refusal("words_unreadable")
        if found.too_slow or found.out_of_time:
            raise Refusal("words_unchecked")

    async def change(self, guild_id: int, actor_id: int, setting: Setting, value: object, detail: str) -> ServerRules:
        """Set one thing, or with None set it back; returns the rules that hold then. Refuses what is no value of it."""
        try:
            value = checked_setting(setting, value)
        except ValueError:
            raise Refusal("not_offered") from None
        rules = with_setting(await self.of(guild_id), setting, value)
        entry = NewAuditEntry(guild_id=guild_id, actor_id=actor_id, action=AuditAction.SETTING, detail=detail)
        try:
            await self._store.change(guild_id, setting, rules, entry)
        finally:
            self._cache.forget(guild_id)
        return await self.of(guild_id)

    async def add_words(self, guild_id: int, actor_id: int, rule: WordRule) -> WordRule:
        """Keep a rule about words, once it is known to be readable and quick; returns it with its number."""
        rule = await self.checked_rule(guild_id, actor_id, rule)
        detail = f"added {'the pattern ' if rule.regex else ''}{rule.pattern} ({rule.where})"
        entry = NewAuditEntry(guild_id=guild_id, actor_id=actor_id, action=AuditAction.WORDS, detail=detail)
        try:
            return replace(rule, id=await self._store.add_words(guild_id, rule, entry))
        finally:
            self._cache.forget(guild_id)

    async def remove_words(self, guild_id: int, actor_id: int, rule_id: int) -> WordRule:
        """Forget a rule about words; returns what it was."""
        rule = next((rule for rule in (await self.of(guild_id)).words if rule.id == rule_id), None)
        detail = f"removed {rule.pattern}" if rule else ""
        entry = NewAuditEntry(guild_id=guild_id, actor_id=actor_id, action=AuditAction.WORDS, detail=detail)
        try:
            if rule is None or not await self._store.remove_words(guild_id, rule_id, entry):
                raise Refusal("no_such_rule")
        finally:
            self._cache.forget(guild_id)
        return rule

    async def checked_rule(self, guild_id: int, actor_id: int, rule: WordRule) -> WordRule:
        """A rule that could be stored; raises Refusal for one that could not be read, or takes too long."""
        return await self._words.checked_rule(Payer(guild_id=guild_id, member_id=actor_id), rule)

    async def tried(
        self, guild_id: int, actor_id: int, rules: Sequence[WordRule], *, most: int
    ) -> list[tuple[PastPrompt, WordRule]]:
        """Which of a server's latest prompts these rules would have refused, each with the first that would.

        Raises Refusal where that takes more time than a server may have for it.
        """
        payer = Payer(guild_id=guild_id, member_id=actor_id)
        refused = []
        for past in await self._store.latest_prompts(guild_id, most=most) if rules else ():
            found = await self._words.try_out(payer, rules, past.prompt)
            refused += [(past, rule) for rule in _refusing(found, rules)[:1]]
        return refused

    async def matching(self, guild_id: int, actor_id: int, rules: Sequence[WordRule], text: str) -> list[WordRule]:
        """Every rule that would refuse a text."""
        payer = Payer(guild_id=guild_id, member_id=actor_id)
        return _refusing(await self._words.try_out(payer, rules, text, every=True), rules) if rules else []


def _refusing(found: MatchResult, rules: Sequence[WordRule]) -> list[WordRule]:
    """The rules that refuse a text; any of them refuses one that cannot be checked at all."""
    refusing = [*found.matching, *found.too_slow]
    return refusing or (list(rules[:1]) if found.unfoldable or found.out_of_time else [])
