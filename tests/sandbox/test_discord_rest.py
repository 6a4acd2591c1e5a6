"""The REST API: permissions, and Discord's own errors."""

import aiohttp
import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.permissions import Permission
from tests.sandbox.conftest import Api


def messages_of(world: World, channel: str = "general") -> str:
    """The path of a channel's messages."""
    return f"/channels/{world.channel(channel).id}/messages"


async def test_a_wrong_token_is_refused(api: Api) -> None:
    """Every route of the bot answers 401 with Discord's body to a foreign token."""
    answer = await api.call("GET", "/users/@me", token="wrong")
    assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


@pytest.mark.parametrize("prefix", ["/api/v10", "/api/v9", "/api"])
async def test_every_api_version_prefix_answers(discord_server: DiscordServer, api: Api, prefix: str) -> None:
    """Libraries that use an older version, or none, reach the same API."""
    answer = await api.fetch(f"http://{discord_server.cdn_host}{prefix}/gateway")
    assert answer.status == 200
    assert discord_server.gateway.url.encode() in answer.body


async def test_an_unknown_route_is_a_json_404(api: Api) -> None:
    """A path that does not exist answers JSON like all others."""
    answer = await api.call("GET", "/no/such/thing")
    assert (answer.status, answer.body["message"]) == (404, "404: Not Found")


async def test_a_message_is_posted_read_edited_and_deleted(api: Api, world: World) -> None:
    """The life of a plain channel message."""
    base = messages_of(world)
    posted = await api.call("POST", base, {"content": "hello"})
    one = f"{base}/{posted.body['id']}"
    edited = await api.call("PATCH", one, {"content": "changed"})
    assert (posted.body["edited_timestamp"], edited.body["content"]) == (None, "changed")
    assert edited.body["edited_timestamp"] is not None
    assert [message["content"] for message in (await api.call("GET", base)).body] == ["changed"]
    assert (await api.call("DELETE", one)).status == 204
    gone = await api.call("GET", one)
    assert (gone.status, gone.code) == (404, 10008)


async def test_an_enforced_nonce_posts_once(api: Api, world: World) -> None:
    """A repeated Create Message with the same enforced nonce returns the first message."""
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}
    first = await api.call("POST", messages_of(world), body)
    second = await api.call("POST", messages_of(world), body)
    assert first.body["id"] == second.body["id"]
    assert len((await api.call("GET", messages_of(world))).body) == 1


async def test_without_enforcement_a_nonce_is_only_echoed(api: Api, world: World) -> None:
    """Two messages may have the same nonce if it is not enforced."""
    body = {"content": "twice", "nonce": "x"}
    answers = [await api.call("POST", messages_of(world), body) for _ in range(2)]
    assert answers[0].body["id"] != answers[1].body["id"]
    assert answers[0].body["nonce"] == "x"


async def test_an_empty_message_is_refused(api: Api, world: World, discord_server: DiscordServer) -> None:
    """50006 for no content, and it counts as a violation."""
    answer = await api.call("POST", messages_of(world), {"content": ""})
    assert (answer.status, answer.code) == (400, 50006)
    assert len(discord_server.violations) == 1


async def test_unknown_channels_and_users_have_their_codes(api: Api, world: World) -> None:
    """10003, 10004, 10007 and 10013, each on its route."""
    guild = world.guild.id
    codes = [
        (await api.call("GET", path)).code
        for path in ("/channels/1", "/guilds/1", f"/guilds/{guild}/members/1", "/users/1")
    ]
    assert codes == [10003, 10004, 10007, 10013]


async def test_missing_permissions_are_refused(api: Api, world: World, discord_server: DiscordServer) -> None:
    """50013 without Send Messages, 50001 without View Channel, and no error once they are granted again."""
    base = messages_of(world, "art")
    discord_server.faults.revoke_permission("art", Permission.SEND_MESSAGES)
    unsendable = await api.call("POST", base, {"content": "hi"})
    discord_server.faults.revoke_permission("art", Permission.VIEW_CHANNEL)
    invisible = await api.call("POST", base, {"content": "hi"})
    discord_server.faults.restore_permissions("art")
    assert [(unsendable.status, unsendable.code), (invisible.status, invisible.code)] == [(403, 50013), (403, 50001)]
    assert (await api.call("POST", base, {"content": "hi"})).status == 200


async def test_only_own_messages_can_be_edited(api: Api, world: World) -> None:
    """50005 for an edit of a member's message, 50013 for its deletion."""
    theirs = world.messages.create(world.user("alice"), world.channel("general"), {"content": "mine"}, [])
    path = f"{messages_of(world)}/{theirs.id}"
    assert (await api.call("PATCH", path, {"content": "no"})).code == 50005
    assert (await api.call("DELETE", path)).code == 50013


async def test_member_may_refuse_dms(api: Api, world: World) -> None:
    """A DM is opened once; 50007 if the member accepts none."""
    alice = world.user("alice")
    opened = [await api.call("POST", "/users/@me/channels", {"recipient_id": alice.id}) for _ in range(2)]
    path = f"/channels/{opened[0].body['id']}/messages"
    assert opened[0].body["id"] == opened[1].body["id"]
    assert (await api.call("POST", path, {"content": "hi"})).status == 200
    alice.accepts_dms = False
    refused = await api.call("POST", path, {"content": "hi"})
    assert (refused.status, refused.code) == (403, 50007)


async def test_a_file_over_the_limit_is_413(api: Api, world: World, discord_server: DiscordServer) -> None:
    """40005 for a file over the limit; the response arrives although the body was large, and no file stays."""
    discord_server.faults.upload_limit = 1000
    answer = await api.call("POST", messages_of(world), {}, files={"big.bin": b"x" * 2_000_000})
    assert (answer.status, answer.body) == (413, {"message": "Request entity too large", "code": 40005})
    assert list(world.files.new_path().parent.iterdir()) == []
    assert (await api.call("POST", messages_of(world), {}, files={"small.bin": b"x" * 1000})).status == 200


async def test_a_request_over_25_mib_is_413(api: Api, world: World) -> None:
    """Each file is within the limit, but not their sum."""
    world.guild.premium_tier = 3
    files = {f"{number}.bin": b"x" * 9_000_000 for number in range(3)}
    assert (await api.call("POST", messages_of(world), {}, files=files)).code == 40005


async def test_planned_failures_happen_once_each(api: Api, discord_server: DiscordServer) -> None:
    """`fail_next` fails as often as specified, then the route works again."""
    discord_server.faults.fail_next("GET /users/@me", 503, times=2)
    statuses = [(await api.call("GET", "/users/@me")).status for _ in range(3)]
    assert statuses == [503, 503, 200]


async def test_lost_response_has_its_effect(api: Api, world: World, discord_server: DiscordServer) -> None:
    """With `after`, the message exists although the bot got a 502."""
    discord_server.faults.fail_next("POST /channels/*", 502, after=True)
    answer = await api.call("POST", messages_of(world), {"content": "there"})
    assert answer.status == 502
    assert [message.content for message in world.messages.of_channel(world.channel("general").id)] == ["there"]


async def test_a_delayed_route_answers_later(api: Api, discord_server: DiscordServer) -> None:
    """The log shows that the response was delayed."""
    discord_server.faults.delay("GET /users/@me", 0.03, times=1)
    await api.call("GET", "/users/@me")
    await api.call("GET", "/users/@me")
    slow, quick = discord_server.requests.of("GET", "/users/@me")
    assert slow.took_s >= 0.03 > quick.took_s


async def test_requests_are_logged_with_body_and_files(api: Api, world: World, discord_server: DiscordServer) -> None:
    """The log has the route's template, the JSON of multipart too, and what was uploaded."""
    await api.call("POST", messages_of(world), {"content": "look"}, files={"a.txt": b"abc"})
    (logged,) = discord_server.requests
    assert (logged.route, logged.status) == ("/channels/{channel_id}/messages", 200)
    assert (logged.body, logged.files) == ({"content": "look"}, (("a.txt", 3),))
    assert discord_server.requests.counts["POST /channels/{channel_id}/messages"] == 1


async def test_invalid_json_is_refused(
    world: World, discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """50109 for a body that is not JSON."""
    async with web_session.post(
        discord_server.api_url + messages_of(world),
        data="{not json",
        headers={"Authorization": f"Bot {world.token}", "Content-Type": "application/json"},
    ) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)


async def test_a_form_with_payload_json_is_read(
    world: World, discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """py-cord sends a url-encoded form with payload_json if there is no file."""
    async with web_session.post(
        discord_server.api_url + messages_of(world),
        data={"payload_json": '{"content": "by form"}'},
        headers={"Authorization": f"Bot {world.token}"},
    ) as response:
        assert (response.status, (await response.json())["content"]) == (200, "by form")


async def test_history_is_paged(api: Api, world: World) -> None:
    """Newest first; `before` and `after` filter, `limit` limits, and a limit that is not a number is 50035."""
    place = world.channel("general")
    ids = [world.messages.create(world.bot, place, {"content": str(n)}, []).id for n in range(5)]
    path = messages_of(world)
    pages = {
        "?limit=2": "43",
        f"?limit=2&before={ids[3]}": "21",
        f"?limit=2&after={ids[0]}": "21",
        "": "43210",
    }
    for query, contents in pages.items():
        answer = await api.call("GET", path + query)
        assert "".join(message["content"] for message in answer.body) == contents
    assert (await api.call("GET", path + "?limit=many")).code == 50035
