"""Runs one campaign: orders, kills, faults, recovery and verdict."""

import asyncio
import contextlib
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.apimaster import Knobs
from sandbox.bot_process import REPOSITORY, Launch, clean_environment
from sandbox.chaos import verdict as look
from sandbox.chaos.backups import Backups
from sandbox.chaos.members import Members
from sandbox.chaos.moments import Wait, came, holding
from sandbox.chaos.plan import Moment, Order, Plan
from sandbox.chaos.rows import count, rows
from sandbox.chaos.verdict import Evidence, Verdict
from sandbox.driver import DriverError
from sandbox.faults import RandomFaults
from sandbox.machine import Machine
from sandbox.stack import Sandbox

_SETTINGS = {
    "FIRST_POLL_SECONDS": "0.2",
    "POLL_SECONDS": "0.15",
    "BALANCE_PROBE_SECONDS": "0.5",
    "PER_USER_RUNNING": "4",
    "PER_USER_PENDING": "1000",
}
_SHY = "bob"
"""Takes no direct messages: a result that can't be shown where they ordered it is stored for /collect."""
_ONLINE_WITHIN_S = 60.0
_SETTLED_WITHIN_S = 150.0
_COLLECTED_WITHIN_S = 20.0
_SWEPT_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.1
_STARTS = 10
_BETWEEN_STARTS_S = 0.5

_UNSETTLED = "SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'submitting', 'running', 'fetched')"
# Messages of the shy member that can't be updated stay behind until the next start retries them.
_BEHIND = """
    SELECT COUNT(*) FROM requests WHERE shown_version < version
    AND NOT (user_id = ? AND (private OR NOT bot_present OR guild_id IS NULL))
"""
_READY = "SELECT user_id, COUNT(DISTINCT request_id) AS requests FROM jobs WHERE state = 'ready' GROUP BY user_id"
_HANDED_OVER_AT_ONCE = 4


class Campaign:
    """Runs a plan against its own bot.

    A step that isn't reached within `patience_s` seconds is skipped. `say` is called with progress; `launch` starts
    another program as the bot.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        data_dir: Path | None = None,
        launch: Launch | None = None,
        patience_s: float = 2.5,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._plan = plan
        self._patience_s = patience_s
        self._say = say
        self._machine = Machine()
        self._sandbox = Sandbox(
            data_dir=data_dir,
            env=_SETTINGS,
            with_bot=False,
            launch=launch,
            machine=self._machine,
            knobs=Knobs(
                unlimited=True, latency_s=0.5, submit_latency_s=0.02, poll_latency_s=0.01, result_latency_s=0.02
            ),
        )
        self.random_faults = RandomFaults(self._sandbox, plan.seed, lies=False)
        self.backups = Backups()
        self.kills: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self._deaths: list[str] = []

    @property
    def seed(self) -> int:
        """The seed of the plan."""
        return self._plan.seed

    async def run(self) -> Verdict:
        """Run the plan until all jobs are settled, then judge. Raises DriverError if the bot does not start."""
        async with self._sandbox as sandbox, self.backups:
            sandbox.world.user(_SHY).accepts_dms = False
            sandbox.discord.rate_limits.enabled = False  # they would only make a campaign take longer
            members = Members(sandbox.driver)
            await self._storm(members)
            await self._calm(members)
            return await self._judge(members)

    async def _storm(self, members: Members) -> None:
        """Run the bot once per planned kill, with random faults."""
        random_faults = self.random_faults
        blowing = asyncio.create_task(random_faults.blow(), name="weather")
        lives = len(self._plan.moments)
        try:
            for number, moment in enumerate(self._plan.moments):
                left = self._plan.orders[len(members.sent) :]
                share = -(-len(left) // (lives - number))
                await self._life(moment, members, left[:share])
                if number % 10 == 9:
                    self._say(f"{number + 1} kills, {len(members.sent)} of {len(self._plan.orders)} orders sent")
        finally:
            blowing.cancel()
            await random_faults.clear()
            self._sandbox.apimaster.finish_all()  # also those of the never-ends fault
        await self._start()
        await members.order(self._plan.orders[len(members.sent) :])

    async def _life(self, moment: Moment, members: Members, orders: Sequence[Order]) -> None:
        """One run of the bot, from its start to its kill."""
        bot = self._sandbox.bot
        if moment.while_starting:
            await bot.start()
            await asyncio.sleep(moment.later_s)
            self.kills[moment.name] += 1
            await bot.kill()
            return
        await self._start()
        with holding(self._sandbox, moment) as wait:
            doings = [asyncio.create_task(members.order(orders), name="orders")]
            if moment.with_backup:
                self.backups.begin(self._sandbox.bot_env)
            if moment.with_dead_tokens:
                doings.append(asyncio.create_task(self.random_faults.drought(), name="drought"))
            try:
                in_time = await self._reached(wait)
            finally:
                for doing in doings:
                    doing.cancel()
                await asyncio.gather(*doings, return_exceptions=True)
            (self.kills if in_time else self.missed)[moment.name] += 1
            if not bot.alive:
                self._ended_by_itself()
            await self._end(moment)

    async def _reached(self, wait: Wait) -> bool:
        """Wait for the moment of the kill; returns False if the bot exits before, or after `patience_s` seconds."""
        reached = asyncio.create_task(wait.reached(self._patience_s), name="moment")
        ended = asyncio.create_task(self._sandbox.bot.wait(), name="end")
        await asyncio.wait({reached, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reached, ended):
            task.cancel()
        await asyncio.gather(reached, ended, return_exceptions=True)
        return not reached.cancelled() and reached.result()

    def _ended_by_itself(self) -> None:
        """Record an exit that the campaign didn't cause: only fatal faults may make the bot exit."""
        if self.random_faults.deadly:
            self.kills["ended by what nothing can be done about"] += 1
        else:
            self._deaths.append(self._sandbox.bot.state)

    async def _end(self, moment: Moment) -> None:
        """Stop or kill the bot. After SIGTERM alone it must exit in time with code 0."""
        bot = self._sandbox.bot
        if not moment.gently or not bot.alive:
            await bot.kill()
            return
        if moment.killed_after_s is not None:
            stopping = asyncio.create_task(bot.stop(), name="stop")
            await asyncio.sleep(moment.killed_after_s)
            await bot.kill()
            await stopping
            return
        await bot.stop()
        if bot.returncode != 0 and not self.random_faults.deadly:
            self._deaths.append(f"did not stop on SIGTERM (exit code {bot.returncode})")

    async def _decide(self, members: Members) -> None:
        """Let members decide about uncertain pictures, and kill the bot meanwhile once more."""
        rng = random.Random(f"{self._plan.seed} decisions")
        await members.decide(rng)
        await asyncio.sleep(rng.uniform(0.0, 1.0))
        await self._sandbox.bot.kill()
        await self._start()

    async def _start(self) -> None:
        """Start the bot. An exit by itself is recorded as a failure, and the bot is restarted as an operator would."""
        for _ in range(_STARTS):
            if not self._sandbox.bot.alive:
                self.random_faults.begin_life()
                await self._sandbox.bot.start()
            with contextlib.suppress(DriverError):
                await self._sandbox.wait_for_bot(_ONLINE_WITHIN_S)
                return
            if not self._sandbox.bot.alive:
                self._ended_by_itself()
            await asyncio.sleep(_BETWEEN_STARTS_S)
        raise DriverError(f"the bot does not come up; it said last: {self._sandbox.bot.output[-5:]}")

    async def _calm(self, members: Members) -> None:
        """Without faults, wait until all jobs are settled and all messages are up to date."""
        self._say("calm: waiting until everything has come to its end")
        await members.done()
        await self._decide(members)
        await came(lambda: not self._open(), _SETTLED_WITHIN_S, every_s=_LOOK_EVERY_S)

    def _open(self) -> int:
        shy = int(self._sandbox.world.user(_SHY).id)
        return count(self._sandbox.data_dir, _UNSETTLED) + count(self._sandbox.data_dir, _BEHIND, shy)

    async def _judge(self, members: Members) -> Verdict:
        evidence = Evidence(self._sandbox)
        found = Verdict(states=Counter(job["state"] for job in evidence.jobs))
        look.settled(evidence, found)
        look.told(evidence, found)
        look.accepted(evidence, [interaction for _, interaction in members.sent], found)
        look.ordered(evidence, found)
        await self._collect(members, found)
        await look.shown(Evidence(self._sandbox), found)
        await self._books(found)
        await self._sweep()
        found.wrong += look.litter(self._sandbox.data_dir)
        found.wrong += [f"The bot {death}." for death in self._deaths]
        await self.backups.done()
        found.wrong += self.backups.wrong
        found.wrong += [f"Discord would refuse: {violation}" for violation in self._sandbox.discord.violations]
        return found

    async def _collect(self, members: Members, found: Verdict) -> None:
        """Let members collect their stored pictures; record as lost those that can't be collected."""
        for _ in range(found.states["ready"] + 1):
            owners = rows(self._sandbox.data_dir, _READY)
            if not owners:
                return
            for owner in owners:
                await self._collect_some(members, owner["user_id"], owner["requests"])
        found.lost.append("Pictures that are kept cannot be collected.")

    async def _collect_some(self, members: Members, user_id: int, requests: int) -> None:
        """Run one /collect to its end: a concurrent one would deliver the same pictures."""
        await members.collect(str(user_id))
        left = requests - min(requests, _HANDED_OVER_AT_ONCE)
        await came(lambda: self._kept_for(user_id) <= left, _COLLECTED_WITHIN_S, every_s=_LOOK_EVERY_S)

    def _kept_for(self, user_id: int) -> int:
        """How many of a member's requests have a picture to collect."""
        return sum(owner["requests"] for owner in rows(self._sandbox.data_dir, _READY) if owner["user_id"] == user_id)

    async def _books(self, found: Verdict) -> None:
        """Run the bot's own check of its ledger and totals, as an operator does."""
        checking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "doctor", "--ledger"),
            cwd=REPOSITORY,
            env=clean_environment(self._sandbox.bot_env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await checking.communicate()
        if checking.returncode != 0:
            found.wrong += [f"The ledger: {line}" for line in said.decode(errors="replace").splitlines()]

    async def _sweep(self) -> None:
        """Start the bot with a retention of 0 days, and wait until it has deleted what it can."""
        bot = self._sandbox.bot
        await bot.stop()
        bot.env["KEEP_ORIGINALS_DAYS"] = "0"
        self._machine.set_clock(self._machine.farthest_s)  # no file may have a modification time in the future
        await self._start()
        await came(lambda: not look.litter(self._sandbox.data_dir), _SWEPT_WITHIN_S, every_s=_LOOK_EVERY_S)
        await bot.stop()
