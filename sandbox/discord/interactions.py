"""Interactions: their deadlines of 3 seconds and 15 minutes, and the answers that a bot may give."""

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from sandbox.discord.components import number
from sandbox.discord.contexts import interaction_place
from sandbox.discord.errors import (
    already_acknowledged,
    invalid_form,
    invalid_webhook_token,
    too_many_followups,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from sandbox.discord.hub import Kind
from sandbox.discord.interaction_record import CallbackType, InteractionRecord, InteractionType, State
from sandbox.discord.message_rules import check_choices, check_modal
from sandbox.discord.messages import Origin, Upload
from sandbox.discord.model import Channel, Json, MessageFlag, MessageType, StoredMessage, User
from sandbox.discord.render import user_json
from sandbox.discord.render_message import message_json

if TYPE_CHECKING:
    from sandbox.discord.world import World

__all__ = ["CallbackType", "InteractionRecord", "InteractionStore", "InteractionType", "State"]

ACKNOWLEDGE_WITHIN_S = 3.0
TOKEN_LIFE_S = 15 * 60
MAX_VISITING_FOLLOWUPS = 5
_KEPT = 20_000


_ANSWERS: dict[InteractionType, frozenset[CallbackType]] = {
    InteractionType.COMMAND: frozenset({CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE, CallbackType.MODAL}),
    InteractionType.COMPONENT: frozenset(CallbackType) - {CallbackType.CHOICES},
    InteractionType.AUTOCOMPLETE: frozenset({CallbackType.CHOICES}),
    InteractionType.MODAL_SUBMIT: frozenset(CallbackType) - {CallbackType.CHOICES, CallbackType.MODAL},
}


# By the command's type: slash, user menu, message menu.
_MESSAGE_TYPES = {
    1: MessageType.CHAT_INPUT_COMMAND,
    2: MessageType.CONTEXT_MENU_COMMAND,
    3: MessageType.CONTEXT_MENU_COMMAND,
}


class InteractionStore:
    """The latest interactions, by id and token."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[str, InteractionRecord] = {}
        self._by_token: dict[str, InteractionRecord] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.acknowledge_within_s = ACKNOWLEDGE_WITHIN_S
        self.token_life_s: float = TOKEN_LIFE_S

    def get(self, interaction_id: str) -> InteractionRecord | None:
        """The interaction with that id, if it is still stored."""
        return self._by_id.get(interaction_id)

    def create(
        self,
        kind: InteractionType,
        user: User,
        channel: Channel,
        data: Json,
        *,
        source: StoredMessage | None = None,
        opened_by: InteractionRecord | None = None,
    ) -> InteractionRecord:
        """Create an interaction: send INTERACTION_CREATE and start the 3 seconds. `opened_by` opened a modal."""
        record = InteractionRecord(
            id=self._world.ids.next(),
            token=secrets.token_urlsafe(96),
            type=kind,
            user=user,
            channel=channel,
            data=data,
            source=source,
            opened_by=opened_by,
            expires_at=self._world.clock.now() + self.token_life_s,
        )
        self._by_id[record.id] = self._by_token[record.token] = record
        while len(self._by_id) > _KEPT:
            self._forget(next(iter(self._by_id.values())))
        loop = asyncio.get_running_loop()
        self._timers[record.id] = loop.call_later(self.acknowledge_within_s, self._give_up, record)
        self._world.hub.tell(Kind.INTERACTION_CREATED, interaction=record)
        return record

    def payload(self, record: InteractionRecord) -> Json:
        """INTERACTION_CREATE's body."""
        body: Json = {
            "id": record.id,
            "application_id": self._world.application_id,
            "type": int(record.type),
            "token": record.token,
            "version": 1,
            "data": record.data,
            "attachment_size_limit": self._world.reported_upload_limit,
            **interaction_place(record.channel, record.user, self._world),
        }
        if record.source is not None:
            body["message"] = message_json(record.source, self._world)
        return body

    def expire(self, interaction_id: str) -> None:
        """Invalidate an interaction's token now, as after 15 minutes."""
        self._by_id[interaction_id].expires_at = 0.0

    def expire_all(self) -> None:
        """Invalidate every token so far."""
        for record in self._by_id.values():
            record.expires_at = 0.0

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # Called for the bot

    def acknowledge(self, interaction_id: str, token: str, body: Json, uploads: list[Upload]) -> InteractionRecord:
        """The bot's callback. Raises 10062 if it is late or unknown, 40060 if it was acknowledged already."""
        record = self._by_id.get(interaction_id)
        if record is None or record.token != token or record.state is State.FAILED:
            raise unknown_interaction()
        if record.state is not State.PENDING:
            raise already_acknowledged()
        kind = _callback_type(body)
        message_bound = kind in (CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE)
        if kind not in _ANSWERS[record.type] or (message_bound and record.source is None):
            raise invalid_form(
                {"type": ("INTERACTION_CALLBACK_INVALID", "This callback type does not fit the interaction.")}
            )
        self._answer(record, kind, body.get("data") or {}, uploads)
        self._timers.pop(record.id).cancel()
        record.acknowledged_after_s = time.monotonic() - record.started
        deferred = kind in (CallbackType.DEFERRED_MESSAGE, CallbackType.DEFERRED_UPDATE)
        record.state = State.DEFERRED if deferred else State.ANSWERED
        self._tell(record, Kind.INTERACTION_ACKNOWLEDGED)
        if record.modal is not None:
            self._tell(record, Kind.MODAL_OPENED)
        return record

    def by_token(self, application_id: str, token: str) -> InteractionRecord:
        """The interaction of a webhook token. Raises 10015 before the acknowledgement, 50027 after 15 minutes."""
        record = self._by_token.get(token)
        if application_id != self._world.application_id:
            raise unknown_webhook()
        if record is None or self._world.clock.now() >= record.expires_at:
            raise invalid_webhook_token()
        if record.state in (State.PENDING, State.FAILED):
            raise unknown_webhook()
        return record

    def message(self, record: InteractionRecord, message_id: str) -> StoredMessage:
        """One of the interaction's own messages; `@original` is the response, or the message that was clicked."""
        if message_id == "@original":
            message_id = record.response_id or ""
        elif message_id not in (record.response_id, *record.followup_ids):
            raise unknown_message()
        message = self._world.messages.find(message_id)
        if message is None:
            raise unknown_message()
        return message

    def edit(self, record: InteractionRecord, message: StoredMessage, payload: Json, uploads: list[Upload]) -> None:
        """Edit one of the interaction's messages."""
        self._world.messages.edit(message, payload, uploads)
        self._answered(record)

    def delete(self, record: InteractionRecord, message: StoredMessage) -> None:
        """Delete one of the interaction's messages."""
        self._world.messages.delete(message)
        self._answered(record)

    def follow_up(self, record: InteractionRecord, payload: Json, uploads: list[Upload]) -> StoredMessage:
        """Post a follow-up; the first one after a deferral completes the original message instead, as on Discord."""
        original = self._world.messages.find(record.response_id or "")
        if original is not None and original.loading:
            self.edit(record, original, payload, uploads)
            return original
        # Without a guild installation, Discord limits the follow-ups of an interaction.
        if record.channel.members_app and len(record.followup_ids) >= MAX_VISITING_FOLLOWUPS:
            raise too_many_followups()
        ephemeral = bool(int(payload.get("flags") or 0) & MessageFlag.EPHEMERAL)
        origin = self._origin(record, ephemeral=ephemeral, original_id=record.response_id)
        message = self._world.messages.create(self._world.bot, record.channel, payload, uploads, origin)
        record.followup_ids.append(message.id)
        self._answered(record)
        return message

    def _answer(self, record: InteractionRecord, kind: CallbackType, data: Json, uploads: list[Upload]) -> None:
        """Apply a callback; raises before anything is changed if its body is invalid."""
        ephemeral = bool(int(data.get("flags") or 0) & MessageFlag.EPHEMERAL)
        origin = self._origin(record, ephemeral=ephemeral)
        if kind is CallbackType.MESSAGE:
            message = self._world.messages.create(self._world.bot, record.channel, data, uploads, origin)
            record.response_id = message.id
        elif kind is CallbackType.DEFERRED_MESSAGE:
            record.response_id = self._world.messages.create_loading(self._world.bot, record.channel, origin).id
        elif kind is CallbackType.CHOICES:
            check_choices(data.get("choices") or [])
            record.choices = data.get("choices") or []
        elif kind is CallbackType.MODAL:
            check_modal(data)
            number(data["components"])
            record.modal = data
        elif record.source is not None:
            if kind is CallbackType.UPDATE:
                self._world.messages.edit(record.source, data, uploads)
            record.response_id = record.source.id

    def _origin(self, record: InteractionRecord, *, ephemeral: bool, original_id: str | None = None) -> Origin:
        """The origin stored with a message of the interaction; `original_id` is given for a follow-up."""
        first_command_answer = record.type is InteractionType.COMMAND and original_id is None
        return Origin(
            type=_MESSAGE_TYPES[record.data["type"]] if first_command_answer else MessageType.DEFAULT,
            ephemeral_to=record.user.id if ephemeral else None,
            interaction=self._about(record, original_id),
            webhook_id=self._world.application_id,
        )

    def _about(self, record: InteractionRecord, original_id: str | None) -> Json:
        """The message fields that name the interaction: the current one, and for commands also the deprecated one."""
        metadata = self._metadata(record)
        if original_id is not None:
            metadata["original_response_message_id"] = original_id
        about: Json = {"interaction_metadata": metadata}
        if record.type is InteractionType.COMMAND:
            name, user = record.data["name"], user_json(record.user)
            about["interaction"] = {"id": record.id, "type": int(record.type), "name": name, "user": user}
        return about

    def _metadata(self, record: InteractionRecord) -> Json:
        owners = interaction_place(record.channel, record.user, self._world)["authorizing_integration_owners"]
        metadata: Json = {"id": record.id, "type": int(record.type), "user": user_json(record.user)}
        metadata["authorizing_integration_owners"] = owners
        if record.type is InteractionType.COMMAND:
            metadata |= {"name": record.data["name"], "command_type": record.data["type"]}
        elif record.type is InteractionType.COMPONENT and record.source is not None:
            metadata["interacted_message_id"] = record.source.id
        elif record.opened_by is not None:
            metadata["triggering_interaction_metadata"] = self._metadata(record.opened_by)
        return metadata

    def _answered(self, record: InteractionRecord) -> None:
        record.state = State.ANSWERED
        record.touch()

    def _give_up(self, record: InteractionRecord) -> None:
        self._timers.pop(record.id, None)
        record.state = State.FAILED
        self._tell(record, Kind.INTERACTION_FAILED)

    def _tell(self, record: InteractionRecord, kind: Kind) -> None:
        record.touch()
        self._world.hub.tell(kind, interaction=record)

    def _forget(self, record: InteractionRecord) -> None:
        del self._by_id[record.id], self._by_token[record.token]
        if timer := self._timers.pop(record.id, None):
            timer.cancel()


def _callback_type(body: Json) -> CallbackType:
    try:
        return CallbackType(body.get("type", 0))
    except ValueError:
        raise invalid_form({"type": ("BASE_TYPE_CHOICES", "This value is not a callback type.")}) from None
