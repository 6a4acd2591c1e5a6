"""The "Sandbox" panel: the state of the bot and the stand-ins, and the actions of its switches."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, get_args

from sandbox.apimaster.knobs import SuccessWord
from sandbox.faults import PLACES, RandomFaults, named
from sandbox.page.examples import post_examples
from sandbox.stack import Sandbox

Json = dict[str, Any]
_LOG_LINES = 60
_RECENT_POSTS = 8
_SMALL_UPLOAD_LIMIT_BYTES = 100_000
_EXAMPLES_CHANNEL = "art"
_MOST_TIMES = 100


class ControlError(Exception):
    """The action is not possible; the text is a sentence for the person at the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knob:
    """One of the provider's knobs as the page shows it. `kind` is "number", "flag" or "choice"."""

    name: str
    label: str
    kind: str
    help: str
    choices: tuple[str, ...] = ()


_KNOBS = (
    _Knob(name="balance", label="Balance (credits)", kind="number", help="0: the next submit is answered with 402"),
    _Knob(name="unlimited", label="Never runs out", kind="flag", help="The balance may go below zero"),
    _Knob(name="latency_s", label="A picture takes (s)", kind="number", help="From the submit to the finished task"),
    _Knob(name="submit_latency_s", label="Submit takes (s)", kind="number", help="How slow the API is"),
    _Knob(name="result_ttl_s", label="Picture URLs live (s)", kind="number", help="Read later: 404"),
    _Knob(
        name="success_word",
        label="Word for success",
        kind="choice",
        choices=get_args(SuccessWord),
        help="The provider's servers say one or the other",
    ),
)


class Admin:
    """Reads and sets the switches of one sandbox; `managed` says whether the page may start and stop the bot.

    `weather` is the random fault injection, if it is enabled.
    """

    def __init__(self, sandbox: Sandbox, *, managed: bool = True, random_faults: RandomFaults | None = None) -> None:
        self._sandbox = sandbox
        self._random_faults = random_faults
        self._by_hand = random_faults or RandomFaults(sandbox, seed=0)
        self._possible = {
            place: [trouble for trouble in troubles if trouble.possible(sandbox)] for place, troubles in PLACES.items()
        }
        self._managed = managed
        self._actions: dict[str, Callable[[Json], Awaitable[None]]] = {
            "bot-kill": self._kill,
            "bot-start": self._start,
            "bot-stop": self._stop,
            "knob": self._turn,
            "fault": self._add_fault,
            "discord": self._discord,
        }

    async def act(self, action: str, values: Json) -> None:
        """Carry out a switch's action. Raises ControlError for one that is not possible."""
        handler = self._actions.get(action)
        if handler is None:
            raise ControlError(f"There is no switch called “{action}”.")
        await handler(values)

    def state(self) -> Json:
        """The state that the panel shows."""
        return {
            "bot": self._bot_state(),
            "provider": self._provider_state(),
            "discord": self._discord_state(),
            "faults": self._fault_state(),
        }

    def _bot_state(self) -> Json:
        bot = self._sandbox.bot
        return {
            "managed": self._managed,
            "online": self._sandbox.discord.gateway.online,
            "alive": bot.alive,
            "state": bot.state,
            "pid": bot.pid if bot.alive else None,
            "starts": bot.starts,
            "log": bot.output[-_LOG_LINES:],
        }

    def _provider_state(self) -> Json:
        server, knobs = self._sandbox.apimaster, self._sandbox.knobs
        moved = {"charge": 0.0, "refund": 0.0}
        for charge in server.charges:
            moved[charge.kind] += charge.credits
        return {
            "balance": round(knobs.balance, 2),
            "unlimited": knobs.unlimited,
            "posts": len(server.posts),
            "charged": round(moved["charge"], 2),
            "refunded": round(moved["refund"], 2),
            "knobs": [_knob_state(knob, getattr(knobs, knob.name)) for knob in _KNOBS],
            "recent": [_post(record) for record in reversed(server.posts[-_RECENT_POSTS:])],
        }

    def _discord_state(self) -> Json:
        discord = self._sandbox.discord
        return {
            "requests": discord.requests.total,
            "violations": discord.violations[-_RECENT_POSTS:],
            "actions": [{"name": name, "label": label, "help": text} for name, label, text in _DISCORD_ACTIONS],
        }

    def _fault_state(self) -> Json:
        random_faults = self._random_faults
        return {
            "groups": [
                {"label": place, "choices": [{"name": trouble.name, "label": trouble.label} for trouble in troubles]}
                for place, troubles in self._possible.items()
            ],
            "seed": random_faults.seed if random_faults else None,
            "happened": self._by_hand.happened.total(),
            "latest": self._by_hand.latest,
        }

    async def _kill(self, _: Json) -> None:
        await self._sandbox.bot.kill()

    async def _stop(self, _: Json) -> None:
        await self._sandbox.bot.stop()

    async def _start(self, _: Json) -> None:
        if self._sandbox.bot.alive:
            raise ControlError("The bot is already running.")
        await self._sandbox.bot.start()

    async def _turn(self, values: Json) -> None:
        knob = next((knob for knob in _KNOBS if knob.name == values.get("name")), None)
        if knob is None:
            raise ControlError(f"There is no knob called “{values.get('name')}”.")
        setattr(self._sandbox.knobs, knob.name, _knob_value(knob, values.get("value")))

    async def _add_fault(self, values: Json) -> None:
        trouble = named(str(values.get("fault")))
        times = values.get("times", 1)
        if trouble is None or not trouble.possible(self._sandbox):
            raise ControlError("There is no such fault.")
        if not isinstance(times, int) or not 1 <= times <= _MOST_TIMES:
            raise ControlError(f"How often: a number from 1 to {_MOST_TIMES}, please.")
        for _ in range(times):
            self._by_hand.strike(trouble)

    async def _discord(self, values: Json) -> None:
        faults = self._sandbox.faults
        match values.get("name"):
            case "expire-tokens":
                faults.expire_all_tokens()
            case "drop-gateway":
                await faults.drop_gateway()
            case "small-uploads":
                faults.upload_limit = _SMALL_UPLOAD_LIMIT_BYTES
            case "examples":
                await post_examples(self._sandbox.driver, _EXAMPLES_CHANNEL)
            case "clear":
                await self._by_hand.clear()
            case other:
                raise ControlError(f"There is no switch called “{other}”.")


_DISCORD_ACTIONS = (
    ("expire-tokens", "Expire tokens", "The tokens of all commands so far are void, as 15 minutes after each"),
    ("drop-gateway", "Drop connection", "Close the bot's gateway connection; it may resume"),
    ("small-uploads", "Uploads ≤ 100 KB", "Answer larger ones with 413"),
    ("examples", "Pictures in #art", "Another bot posts files, an embed, a gallery, a sticker and a forward to remix"),
    ("clear", "Back to normal", "What was ordered of faults, on either side, does not come any more"),
)


def _knob_state(knob: _Knob, value: object) -> Json:
    return {
        "name": knob.name,
        "label": knob.label,
        "kind": knob.kind,
        "help": knob.help,
        "choices": knob.choices,
        "value": round(value, 2) if isinstance(value, float) else value,
    }


def _knob_value(knob: _Knob, value: object) -> object:
    """The value of a knob's field. Raises ControlError for an invalid one."""
    if knob.kind == "flag":
        return bool(value)
    if knob.kind == "choice":
        if value not in knob.choices:
            raise ControlError(f"{knob.label}: choose one of {', '.join(knob.choices)}.")
        return value
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1_000_000:
        raise ControlError(f"{knob.label}: a number from 0 to 1,000,000, please.")
    return number


def _post(record: Any) -> Json:
    """One submit on a line: its status and its request."""
    body = record.body
    wanted = " ".join(str(body[name]) for name in ("size", "resolution") if name in body)
    prompt = str(body.get("prompt", ""))[:60]
    status = "no answer" if record.status is None else record.status
    return {"status": status, "good": record.status == 200, "text": f"{wanted} {prompt}".strip()}
