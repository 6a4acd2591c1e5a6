"""The page's server without a browser: access control, the member's events, and the fault switches."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from sandbox.discord.hub import Happening, Kind
from sandbox.faults import TROUBLES, RandomFaults
from sandbox.page import PageServer
from sandbox.stack import Sandbox

Json = dict[str, Any]


class Site(NamedTuple):
    """A page without a bot, and a client with relative paths."""

    sandbox: Sandbox
    page: PageServer
    client: aiohttp.ClientSession

    async def post(self, path: str, body: Json) -> tuple[int, Json]:
        """Send JSON; returns the status and the JSON of the response."""
        async with self.client.post(path, json=body) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A running page."""
    async with (
        Sandbox(data_dir=tmp_path, with_bot=False) as sandbox,
        PageServer(sandbox) as page,
        aiohttp.ClientSession(page.url) as client,
    ):
        yield Site(sandbox, page, client)


async def _events(answer: aiohttp.ClientResponse, name: str) -> AsyncIterator[Json]:
    """The data of the events with one name, as they arrive."""
    current = ""
    async for line in answer.content:
        kind, _, value = line.decode().rstrip("\n").partition(": ")
        if kind == "event":
            current = value
        elif kind == "data" and current == name:
            yield json.loads(value)


# Access control


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8420"},
        {"Host": "["},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_web_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    """Neither a foreign host name that resolves here nor a cross-origin request is accepted, and nothing happens."""
    body = {"member": "alice", "channel": "general", "content": "hello"}
    async with site.client.post("/api/say", json=body, headers=headers) as answer:
        assert answer.status == 403
    async with site.client.get("/api/events?member=alice", headers=headers) as answer:
        assert answer.status == 403
    assert site.sandbox.driver.messages("alice") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:9999", "[::1]:8420"])
async def test_page_accepts_any_loopback_name(site: Site, host: str) -> None:
    """A tunnel may change the port, and localhost equals 127.0.0.1."""
    async with site.client.post(
        "/api/panel/discord", json={"name": "clear"}, headers={"Host": host, "Origin": f"http://{host}"}
    ) as answer:
        assert answer.status == 200


async def test_no_foreign_content_runs_in_or_around_the_page(site: Site) -> None:
    """The policy allows only the page's own files and forbids framing."""
    async with site.client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "://" not in text.replace("http://www.w3.org", "")


async def test_it_listens_on_loopback_only(site: Site) -> None:
    """The listening socket is bound to 127.0.0.1."""
    assert site.page.url == f"http://127.0.0.1:{site.page.port}"
    with socket.socket() as other:
        other.settimeout(0.05)
        assert other.connect_ex(("127.0.0.2", site.page.port)) != 0


async def test_port_in_use_is_replaced_by_a_free_one(site: Site) -> None:
    """A second sandbox starts beside the first."""
    async with PageServer(site.sandbox, port=site.page.port) as second:
        assert second.port not in (0, site.page.port)


# The member's events


async def test_first_event_is_all_that_the_member_sees(site: Site) -> None:
    """Members, channels and messages are sent at once, without other members' private ones."""
    world, driver = site.sandbox.world, site.sandbox.driver
    driver.send("bob", "hello")
    driver.send("bob", "psst", channel="dm")
    async with site.client.get("/api/events?member=alice") as answer:
        hello = await anext(_events(answer, "hello"))
    assert [member["key"] for member in hello["members"]] == ["alice", "bob", "mod"]
    assert [channel["key"] for channel in hello["channels"]] == [
        "general",
        "art",
        "sketchbook",
        "after-dark",
        "lounge",
        "best-of",
        "elsewhere",
        "friends",
        "dm",
    ]
    assert [message["content"] for message in hello["messages"]["general"]] == ["hello"]
    assert hello["messages"]["dm"] == []
    assert hello["users"][world.bot.id]["bot"] is True


async def test_ephemeral_message_is_sent_only_to_its_member(site: Site) -> None:
    """Another member's stream has the next public message and nothing of the private one."""
    world = site.sandbox.world
    world.commands.replace(None, [{"name": "secret", "description": "Tell me alone"}])

    def whisper(happening: Happening) -> None:
        record = happening.interaction
        if happening.kind is Kind.INTERACTION_CREATED and record is not None:
            answer = {"type": 4, "data": {"content": "psst", "flags": 64}}
            world.interactions.acknowledge(record.id, record.token, answer, [])

    world.hub.listen(whisper)
    async with (
        site.client.get("/api/events?member=alice") as alices,
        site.client.get("/api/events?member=bob") as bobs,
    ):
        for_alice, for_bob = _events(alices, "messages"), _events(bobs, "messages")
        await anext(_events(alices, "hello"))
        await anext(_events(bobs, "hello"))
        await site.sandbox.driver.slash("alice", "secret")
        assert [message["content"] for message in (await anext(for_alice))["upsert"]] == ["psst"]
        site.sandbox.driver.send("mod", "good morning")
        assert [message["content"] for message in (await anext(for_bob))["upsert"]] == ["good morning"]


async def test_deleted_message_is_reported_as_removed(site: Site) -> None:
    """So that the page can remove it."""
    message = site.sandbox.driver.send("bob", "oops")
    async with site.client.get("/api/events?member=alice") as answer:
        await anext(_events(answer, "hello"))
        site.sandbox.driver.delete("bob", message.id)
        event = await anext(_events(answer, "messages"))
    assert event == {"channel": "general", "upsert": [], "remove": [message.id]}


async def test_a_subcommand_is_named_with_its_command(site: Site) -> None:
    """The line above a response shows the full command."""
    world = site.sandbox.world
    options = [{"type": 1, "name": "overview", "description": "In all"}]
    world.commands.replace(None, [{"name": "usage", "description": "Who spent what", "options": options}])
    interaction = await site.sandbox.driver.slash("alice", "usage overview")
    world.interactions.acknowledge(interaction.id, interaction.token, {"type": 5}, [])
    async with site.client.get("/api/events?member=alice") as answer:
        hello = await anext(_events(answer, "hello"))
    assert hello["messages"]["general"][0]["command_name"] == "/usage overview"


async def test_a_stream_is_for_members_only(site: Site) -> None:
    """An unknown name is refused."""
    async with site.client.get("/api/events?member=mallory") as answer:
        assert answer.status == 404


async def test_closing_the_page_ends_its_streams(site: Site) -> None:
    """Closing the server does not wait for open browsers."""
    async with PageServer(site.sandbox) as page, site.client.get(f"{page.url}/api/events?member=alice") as answer:
        await anext(_events(answer, "hello"))
        async with asyncio.timeout(1):
            await page.__aexit__(None, None, None)


async def test_cdn_files_are_served_through_the_page(site: Site) -> None:
    """A signed URL works under /cdn/, and a tampered one is refused there as by the CDN."""
    message = site.sandbox.driver.send("bob", files=[("häßlich 1.txt", b"some bytes")])
    path = message.media()[0].url.split(site.sandbox.discord.cdn_host, 1)[1]
    async with site.client.get(f"/cdn{path}") as answer:
        assert (answer.status, await answer.read()) == (200, b"some bytes")
    async with site.client.get(f"/cdn{path.replace('hm=', 'hm=0')}") as answer:
        assert answer.status == 404


# Actions


async def test_refused_action_is_reported_as_a_sentence(site: Site) -> None:
    """The driver's refusal reaches the page as a 400 with its text."""
    body = {"member": "alice", "channel": "general", "message": "1", "custom_id": "x"}
    status, answer = await site.post("/api/click", body)
    assert status == 400
    assert answer["error"] == "Alice sees no message 1."


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/api/click", b"{}"),
        ("/api/click", b'{"member": 5, "channel": [], "message": null, "custom_id": {}}'),
        ("/api/click", b"[1]"),
        ("/api/click", b"\xff"),
        ("/api/slash", b"{}"),
        ("/api/panel/knob", b"[]"),
    ],
)
async def test_a_malformed_request_is_a_400(site: Site, path: str, content: bytes) -> None:
    """Invalid input never becomes a server error."""
    async with site.client.post(path, data=content, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


# The fault switches


async def test_every_fault_in_the_menu_can_be_requested(site: Site) -> None:
    """Each entry is accepted by its stand-in; the panel counts them, and they can be cleared."""
    possible = [trouble for trouble in TROUBLES if trouble.possible(site.sandbox)]
    for trouble in possible:
        assert (await site.post("/api/panel/fault", {"fault": trouble.name, "times": 1}))[0] == 200, trouble.name
    async with site.client.get("/api/events?member=alice") as answer:
        faults = (await anext(_events(answer, "panel")))["faults"]
    assert (faults["happened"], faults["seed"]) == (len(possible), None)
    assert sum(len(group["choices"]) for group in faults["groups"]) == len(possible)
    assert (await site.post("/api/panel/discord", {"name": "clear"}))[0] == 200
    assert site.sandbox.faults.take_failure("GET /users/@me", after=False) is None


async def test_panel_shows_random_faults(tmp_path: Path) -> None:
    """Their seed, with which they can be repeated, and how many there were."""
    async with Sandbox(data_dir=tmp_path, with_bot=False) as sandbox:
        random_faults = RandomFaults(sandbox, 7)
        random_faults.strike(random_faults.draw())
        async with (
            PageServer(sandbox, random_faults=random_faults) as page,
            aiohttp.ClientSession(page.url) as client,
            client.get("/api/events?member=alice") as answer,
        ):
            faults = (await anext(_events(answer, "panel")))["faults"]
        await random_faults.clear()
    assert (faults["happened"], faults["seed"]) == (1, 7)
    assert faults["latest"]


async def test_knob_is_set_and_shown(site: Site) -> None:
    """The provider's knob has the new value, and the panel shows it."""
    for name, value in (("balance", "12.5"), ("unlimited", True), ("success_word", "completed")):
        assert (await site.post("/api/panel/knob", {"name": name, "value": value}))[0] == 200
    knobs = site.sandbox.knobs
    assert (knobs.balance, knobs.unlimited, knobs.success_word) == (12.5, True, "completed")
    async with site.client.get("/api/events?member=alice") as answer:
        panel = await anext(_events(answer, "panel"))
    assert {knob["name"]: knob["value"] for knob in panel["provider"]["knobs"]}["balance"] == 12.5


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("knob", {"name": "balance", "value": "a lot"}),
        ("knob", {"name": "balance", "value": -1}),
        ("knob", {"name": "balance", "value": "nan"}),
        ("knob", {"name": "success_word", "value": "hooray"}),
        ("knob", {"name": "__class__", "value": 1}),
        ("fault", {"fault": "submit/none"}),
        ("fault", {"fault": "submit/reset", "times": 0}),
        ("fault", {"fault": "submit/reset", "times": "often"}),
        ("discord", {"name": "none"}),
        ("nothing", {}),
    ],
)
async def test_invalid_switch_is_refused(site: Site, action: str, values: Json) -> None:
    """A sentence, and nothing has changed."""
    before = site.sandbox.knobs.balance
    status, answer = await site.post(f"/api/panel/{action}", values)
    assert status == 400
    assert answer["error"].endswith(".")
    assert site.sandbox.knobs.balance == before


async def test_the_language_of_a_client_is_one_of_discords(site: Site) -> None:
    """A known locale is set for the member; another is refused with a sentence, and nothing changes."""
    message = site.sandbox.driver.send("bob", "hello")
    body = {"member": "alice", "channel": "art", "message": message.id}
    assert (await site.post("/api/forward", {**body, "locale": "ja"}))[0] == 200
    assert site.sandbox.world.user("alice").locale == "ja"
    status, answer = await site.post("/api/forward", {**body, "locale": "jp"})
    assert (status, answer["error"]) == (400, "'jp' is not a locale of Discord.")
    assert len(site.sandbox.driver.messages("alice", "art")) == 1


async def test_one_press_posts_pictures_to_remix(site: Site) -> None:
    """Files, an embed, components, a sticker and a forward, any number of times."""
    for count in (5, 10):
        assert (await site.post("/api/panel/discord", {"name": "examples"}))[0] == 200
        assert len(site.sandbox.driver.messages("alice", "art")) == count
