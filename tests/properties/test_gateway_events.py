"""Any gateway input: each event is parsed or skipped and counted, and each frame is read or triggers a reconnect."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord.gateway import ReconnectWebSocket
from discord.http import Route
from hypothesis import example, given
from hypothesis import strategies as st

from bot.client import EXTENSIONS, ImagineBot
from bot.ops.gateway_events import UnreadableFrameError, UnreadableSessionError
from bot.ops.interaction_payload import MalformedPayloadError, check_interaction
from sandbox.discord.interaction_record import InteractionType
from sandbox.discord.model import StoredMessage
from sandbox.discord.render import guild_create_json
from sandbox.discord.render_message import message_json
from sandbox.discord.world import World
from tests.support.mutation import REMOVED, VALUES, Path, mutated, paths_of

Json = dict[str, Any]
KINDS = ("command", "component", "autocomplete", "form", "menu")
EVENTS = ("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", "CHANNEL_CREATE", "CHANNEL_UPDATE", "GUILD_ROLE_CREATE")


async def nothing(*_: object) -> None:
    """Test without a login."""


class Anything:
    """Services that are never called: events are parsed, not handled."""

    def __getattr__(self, name: str) -> Any:
        return True


class Client:
    """The bot's client with all its commands, in its own loop; not connected."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.counted: Counter[str] = Counter()
        self.bot = self.runner.run(self._made())
        self.world = World()
        self.bodies = self.runner.run(self._bodies())

    async def _made(self) -> ImagineBot:
        components: Any = SimpleNamespace(services=Anything())
        made = ImagineBot(
            api_url=Route.BASE,
            build=lambda _: components,
            last_synced=nothing,
            remember_synced=nothing,
            count_malformed=lambda name: self.counted.update([name]),
        )
        await made._async_setup_hook()
        for extension in EXTENSIONS:
            await made.load_extension(extension)
        made._connection.user = discord.ClientUser(
            state=made._connection,
            data={"id": "1", "username": "bot", "global_name": None, "discriminator": "0", "avatar": None},
        )
        return made

    async def _bodies(self) -> dict[str, Json]:
        """A valid payload of each kind."""
        world = self.world
        alice, general = world.user("alice"), world.channel("general")
        message = world.messages.create(world.bot, general, {"content": "a card"}, [])
        found = {
            "command": self._interaction(InteractionType.COMMAND, _slash("imagine", prompt="a bird", size="1:1")),
            "component": self._interaction(
                InteractionType.COMPONENT, {"custom_id": "again:1", "component_type": 2}, message
            ),
            "autocomplete": self._interaction(InteractionType.AUTOCOMPLETE, _autocomplete()),
            "form": self._interaction(InteractionType.MODAL_SUBMIT, _form(alice.id)),
            "menu": self._interaction(
                InteractionType.COMMAND,
                {
                    "id": "5",
                    "name": "Remix this",
                    "type": 3,
                    "target_id": message.id,
                    "resolved": {"messages": {message.id: message_json(message, world)}},
                },
            ),
        }
        world.interactions.close()
        return found

    def _interaction(self, kind: InteractionType, data: Json, source: StoredMessage | None = None) -> Json:
        world = self.world
        alice, general = world.user("alice"), world.channel("general")
        book = world.interactions
        return json.loads(json.dumps(book.payload(book.create(kind, alice, general, data, source=source))))  # type: ignore[no-any-return]

    def event(self, name: str) -> Json:
        """A valid payload of another event type."""
        guild: Json = json.loads(json.dumps(guild_create_json(self.world, all_members=False)))
        if name == "GUILD_ROLE_CREATE":
            return {"guild_id": guild["id"], "role": guild["roles"][0]}
        if name.startswith("CHANNEL"):
            return {**guild["channels"][0], "guild_id": guild["id"]}
        return guild

    def feed(self, name: str, data: Any) -> int:
        """Parse an event as the gateway connection does; returns how many events were skipped."""
        before = self.counted.total()
        self.runner.run(self._parse(name, data))
        return self.counted.total() - before

    async def _parse(self, name: str, data: Any) -> None:
        self.bot._connection.parsers[name](data)
        await _cancel_others()

    def close(self) -> None:
        """End the loop."""
        self.world.close()
        self.runner.close()


async def _cancel_others() -> None:
    """Cancel the tasks of the event, which would call Discord."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _slash(name: str, **options: str) -> Json:
    return {
        "id": "5",
        "name": name,
        "type": 1,
        "options": [{"name": key, "type": 3, "value": value} for key, value in options.items()],
        "resolved": {},
    }


def _autocomplete() -> Json:
    data = _slash("imagine", prompt="a bird", style="oi")
    data["options"][1]["focused"] = True
    return data


def _form(member_id: str) -> Json:
    text = {"type": 4, "id": 2, "custom_id": "prompt", "value": "a bird"}
    return {"custom_id": f"edit:1:{member_id}", "components": [{"type": 18, "id": 1, "component": text}]}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """One for all examples: state left by an event must not break the next one."""
    made = Client()
    yield made
    made.close()


def changes() -> st.SearchStrategy[tuple[float, Any]]:
    """Which field (as a fraction of all), and its new value."""
    return st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(VALUES))


def apply(body: Json, drawn: list[tuple[float, Any]]) -> Json:
    """The payload with these fields changed."""
    made = body
    for where, value in drawn:
        paths = list(paths_of(body))
        made = mutated(made, paths[int(where * len(paths))], value)
    return made


def at(body: Json, path: Path) -> float:
    """The fraction that selects this field."""
    paths = list(paths_of(body))
    return (paths.index(path) + 0.5) / len(paths)


@pytest.mark.parametrize("kind", KINDS)
def test_valid_interactions_are_not_skipped(client: Client, kind: str) -> None:
    """The check accepts what Discord really sends."""
    assert client.feed("INTERACTION_CREATE", client.bodies[kind]) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: "removed" if value is REMOVED else str(value)[:9])
def test_no_single_change_of_an_interaction_raises(client: Client, kind: str, value: Any) -> None:
    """Each field in turn; an accepted payload has an author, an id, a token and its data."""
    body = client.bodies[kind]
    for path in paths_of(body):
        made = mutated(body, path, value)
        if client.feed("INTERACTION_CREATE", made) == 0:
            assert all(made[name] for name in ("id", "token", "type", "data"))
    assert client.feed("INTERACTION_CREATE", body) == 0


@given(st.sampled_from(KINDS), st.lists(changes(), min_size=1, max_size=6))
def test_no_change_of_an_interaction_raises(client: Client, kind: str, drawn: list[tuple[float, Any]]) -> None:
    """Several fields at once: parsed, or skipped and counted once."""
    assert client.feed("INTERACTION_CREATE", apply(client.bodies[kind], drawn)) in (0, 1)


@given(st.sampled_from(EVENTS), st.lists(changes(), min_size=1, max_size=6))
def test_no_change_of_another_event_raises(client: Client, name: str, drawn: list[tuple[float, Any]]) -> None:
    """Servers, channels and roles; an interaction of that server is still parsed afterwards."""
    assert client.feed(name, apply(client.event(name), drawn)) in (0, 1)
    assert client.feed("GUILD_CREATE", client.event("GUILD_CREATE")) in (0, 1)
    assert client.feed("INTERACTION_CREATE", client.bodies["command"]) == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.data(), json_values)
def test_no_event_at_all_raises(client: Client, data: st.DataObject, body: Any) -> None:
    """Any event type that discord.py knows, with any JSON; without a READY there is no session."""
    name = data.draw(st.sampled_from(sorted(client.bot._connection.parsers)))
    if name == "READY":
        with pytest.raises(UnreadableSessionError):
            client.feed(name, body)
    else:
        assert client.feed(name, body) in (0, 1)


@given(json_values)
@example({"id": "1", "application_id": "1", "token": "x", "type": 2, "user": {"id": "1"}, "data": {"name": 1}})
def test_the_check_names_a_field_and_quotes_nothing(body: Any) -> None:
    """For any input, it raises nothing else."""
    with pytest.raises(MalformedPayloadError):
        check_interaction(body)


class Socket(SimpleNamespace):
    """A websocket that can only be closed."""

    closed = False
    close_code = None

    async def close(self, *, code: int) -> None:
        """Do nothing."""
        self.close_code = code


frames = st.binary(max_size=60) | st.text(max_size=60) | json_values.map(json.dumps)


async def _received(bot: ImagineBot, sent: list[bytes | str], *, session: str | None) -> list[type[Exception]]:
    """Let connections of one shard receive one frame each; returns the errors they raised."""
    raised: list[type[Exception]] = []
    for frame in sent:
        socket: Any = Socket()
        connection = discord.shard.DiscordWebSocket(socket, loop=asyncio.get_running_loop())
        connection._discord_parsers, connection.shard_id = bot._connection.parsers, 0
        connection.session_id, connection.sequence = session, 7
        try:
            await connection.received_message(frame)
        except Exception as error:  # noqa: BLE001 - which ones, is the question
            raised.append(type(error))
    return raised


@given(st.lists(frames, min_size=1, max_size=3), st.sampled_from([None, "session"]))
@example(["{no json"], "session")
@example(["[]", "[]"], "session")
@example([json.dumps({"op": 10, "d": None})], None)
@example([json.dumps({"op": 0, "t": [], "d": None, "s": 8})], "session")
@example([json.dumps({"op": 0, "t": "GUILD_UPDATE", "d": None, "s": "x"})], "session")
@example([json.dumps({"op": 0, "t": "RESUMED", "d": None, "s": 8})], "session")
@example(["[" * 100_000], "session")
@example([b"\x00\x00\xff\xff"], "session")
def test_malformed_frames_make_the_connection_resume_or_reconnect(
    client: Client, sent: list[bytes | str], session: str | None
) -> None:
    """Only errors are raised that make discord.py reconnect, and a session is resumed once."""
    client.bot.malformed.good_frame(0)
    raised = client.runner.run(_received(client.bot, sent, session=session))
    assert set(raised) <= {ReconnectWebSocket, UnreadableFrameError}
    client.bot.malformed.good_frame(0)


def test_many_malformed_frames_in_a_row_end_the_session(client: Client) -> None:
    """A resume first, then new sessions with growing pauses, then the supervisor restarts the bot."""
    client.bot.malformed.good_frame(0)
    raised = client.runner.run(_received(client.bot, ["{no json"] * 5, session="session"))
    assert raised == [ReconnectWebSocket, *[UnreadableFrameError] * 3, UnreadableSessionError]
    client.bot.malformed.good_frame(0)
