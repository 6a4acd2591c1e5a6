"""Endpoints for interactions: the callback, and their tokens' webhook routes. They need no bot token."""

from sandbox.discord.interactions import CallbackType, InteractionRecord
from sandbox.discord.model import Json
from sandbox.discord.render_message import message_json
from sandbox.discord.rest.call import Call, Endpoint, Reply


async def callback(call: Call) -> Reply:
    """The callback: returns 204, or with `with_response` the resulting message."""
    token = call.params["interaction_token"]
    record = call.world.interactions.acknowledge(call.params["interaction_id"], token, call.json, call.uploads)
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return Reply(status=204)
    return Reply(_callback_json(call, record))


def _callback_json(call: Call, record: InteractionRecord) -> Json:
    kind = call.json["type"]
    interaction: Json = {"id": record.id, "type": int(record.type), "channel_id": record.channel.id}
    if record.channel.guild_id:
        interaction["guild_id"] = record.channel.guild_id
    message = call.world.messages.find(record.response_id or "")
    if message is None:
        return {"interaction": interaction}
    interaction |= {
        "response_message_id": message.id,
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral_to is not None,
    }
    if kind in (CallbackType.DEFERRED_MESSAGE, CallbackType.DEFERRED_UPDATE):
        return {"interaction": interaction}
    return {"interaction": interaction, "resource": {"type": kind, "message": message_json(message, call.world)}}


def _record(call: Call) -> InteractionRecord:
    return call.world.interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])


def _message_id(call: Call) -> str:
    return call.params.get("message_id", "@original")


async def follow_up(call: Call) -> Reply:
    """Post a follow-up message."""
    message = call.world.interactions.follow_up(_record(call), call.json, call.uploads)
    return Reply(message_json(message, call.world))


async def get_message(call: Call) -> Reply:
    """Read one of the interaction's messages."""
    message = call.world.interactions.message(_record(call), _message_id(call))
    return Reply(message_json(message, call.world))


async def edit_message(call: Call) -> Reply:
    """Edit one of the interaction's messages; the first edit of the original completes a deferral."""
    record = _record(call)
    message = call.world.interactions.message(record, _message_id(call))
    call.world.interactions.edit(record, message, call.json, call.uploads)
    return Reply(message_json(message, call.world))


async def delete_message(call: Call) -> Reply:
    """Delete one of the interaction's messages."""
    record = _record(call)
    call.world.interactions.delete(record, call.world.interactions.message(record, _message_id(call)))
    return Reply(status=204)


_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_HANDLERS = (("GET", get_message), ("PATCH", edit_message), ("DELETE", delete_message))

ENDPOINTS = (
    Endpoint(
        method="POST",
        template="/interactions/{interaction_id}/{interaction_token}/callback",
        handler=callback,
        authorised=False,
    ),
    Endpoint(method="POST", template=_WEBHOOK, handler=follow_up, authorised=False),
    *(
        Endpoint(method=method, template=f"{_WEBHOOK}/messages/{which}", handler=handler, authorised=False)
        for which in ("@original", "{message_id}")
        for method, handler in _HANDLERS
    ),
)
