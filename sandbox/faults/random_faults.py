"""Random faults from a seed: the same seed gives the same faults in the same order."""

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Callable

from sandbox.apimaster import payloads
from sandbox.faults.catalogue import PLACES, TROUBLES
from sandbox.faults.fault import NamedFault, Place
from sandbox.stack import Sandbox

PAUSE_S = (0.05, 0.8)
_DROUGHT_S = 0.3
_WEIGHTS = {
    Place.SUBMIT: 6,
    Place.POLL: 8,
    Place.RESULT: 4,
    Place.DISCORD: 14,
    Place.UPLOAD: 1,
    Place.FILE: 3,
    Place.STATE: 1,
    Place.GATEWAY: 2,
    Place.DISK: 1,
    Place.CLOCK: 1,
}
_HEAVY = {"zeros": 0.1, "oversized": 0.1, "inflating": 0.2}
"""Faults that take much time are drawn less often."""
_FATAL = 0.15
_ONE_CALL = frozenset({Place.SUBMIT, Place.POLL, Place.RESULT, Place.UPLOAD, Place.DISCORD, Place.FILE})
"""Places where a fault waits for the next matching call."""
_MOST_WAITING = 8
_FATAL_NAMES = frozenset(trouble.name for trouble in TROUBLES if trouble.fatal)


class RandomFaults:
    """Injects faults at random intervals; `clear` removes those that are pending.

    `lies` includes those that make verification impossible (see NamedFault). `happened` counts faults by name.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        seed: int,
        *,
        lies: bool = True,
        pause_s: tuple[float, float] = PAUSE_S,
        on_trouble: Callable[[NamedFault], None] = lambda _: None,
    ) -> None:
        self._sandbox = sandbox
        self._rng = random.Random(f"{seed} weather")
        self._kinds = {
            place: kinds
            for place in _WEIGHTS
            if (kinds := [kind for kind in PLACES[place] if (lies or not kind.lie) and kind.possible(sandbox)])
        }
        self._pause_s = pause_s
        self._on_trouble = on_trouble
        self._spells: set[asyncio.Task[None]] = set()
        self._places = list(self._kinds)
        self._place_weights = [_WEIGHTS[place] for place in self._places]
        self._weights = {place: [_weight(trouble) for trouble in kinds] for place, kinds in self._kinds.items()}
        self.seed = seed
        self.happened: Counter[str] = Counter()
        self.latest = ""
        self.deadly = False
        """Whether a fatal fault was injected during the bot's current run."""

    async def blow(self) -> None:
        """Inject faults until cancelled."""
        while True:
            await asyncio.sleep(self._rng.uniform(*self._pause_s))
            trouble = self.draw()
            # Without this limit, faults that no call has triggered would accumulate and displace all others.
            if trouble.place not in _ONE_CALL or self._waiting < _MOST_WAITING:
                self.strike(trouble)

    @property
    def _waiting(self) -> int:
        return self._sandbox.faults.planned + self._sandbox.apimaster.scripted

    def draw(self) -> NamedFault:
        """The next fault, drawn at random."""
        place = self._rng.choices(self._places, weights=self._place_weights)[0]
        return self._rng.choices(self._kinds[place], weights=self._weights[place])[0]

    def begin_life(self) -> None:
        """The bot is being started: of the earlier faults only those that still last can end it."""
        self.deadly = any(spell.get_name() in _FATAL_NAMES for spell in self._spells)

    def strike(self, trouble: NamedFault) -> None:
        """Inject a fault. One that lasts a while continues in the background."""
        self.happened[trouble.name] += 1
        self.latest = trouble.label
        self.deadly = self.deadly or trouble.fatal
        self._on_trouble(trouble)
        lasting = trouble.strike(self._sandbox, self._rng)
        if inspect.iscoroutine(lasting):
            spell = asyncio.create_task(lasting, name=trouble.name)
            self._spells.add(spell)
            spell.add_done_callback(self._spells.discard)

    async def drought(self) -> None:
        """Invalidate all interaction tokens every 0.3 seconds, until cancelled."""
        while True:
            await asyncio.sleep(_DROUGHT_S)
            self._sandbox.faults.expire_all_tokens()

    async def clear(self) -> None:
        """Remove all faults."""
        for spell in self._spells:
            spell.cancel()
        await asyncio.gather(*self._spells, return_exceptions=True)
        self._sandbox.faults.clear()
        self._sandbox.apimaster.clear_scripts()
        if self._sandbox.machine is not None:
            self._sandbox.machine.set_clock(0)


def _weight(trouble: NamedFault) -> float:
    kind = trouble.name.rpartition("/")[2]
    kind_weight = 1 / len(payloads.WRONG_TYPES) if kind.startswith("types-") else _HEAVY.get(kind, 1.0)
    return kind_weight * (_FATAL if trouble.fatal else 1.0)
