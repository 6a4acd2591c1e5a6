"""Points 3 and 4: forms and commands sent by other members, or from other channels."""

from __future__ import annotations

from typing import Any, Final

from sandbox.attack.attempts import BOOLEAN, INTEGER, STRING, USER, expect_refusal, field, option
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.discord.interactions import InteractionType
from sandbox.discord.model import Json
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.driver import DriverError, Interaction, Message

_HIDDEN: Final = "after-dark"
_SECRET: Final = "a secret blueprint"


async def _hidden_picture(target: Target) -> Message:
    """A picture of alice in a channel that bob can't see."""
    place, bob = target.world.channel(_HIDDEN), target.world.user("bob")
    place.overwrites[bob.id] = Overwrite(deny=int(Permission.VIEW_CHANNEL), is_member=True)
    target.world.announce_channel(place)
    await target.imagine(_SECRET, channel=_HIDDEN)
    return await target.picture(_SECRET, channel=_HIDDEN)


async def _opened(target: Target, member: str, menu: str, message: Message, channel: str) -> Interaction:
    opened = await target.driver.context_menu(member, menu, target_message_id=message.id, channel=channel)
    await opened.acknowledged()
    if opened.modal is None:
        raise DriverError(f"{menu} opened no form for {member}")
    return opened


def _remix_fields() -> list[Json]:
    return [
        field("prompt", 4, value="a copy"), field("files", 19, values=[]), field("style", 3, values=[]),
        field("size", 3, values=["1:1"]), field("resolution", 3, values=["1K"]),
    ]  # fmt: skip


def _of_modal(opened: Interaction, **values: Any) -> list[Json]:
    """The fields of an opened form as an honest client would send them, with some values replaced."""
    fields = []
    for label in (opened.modal or {}).get("components", []):
        part = label.get("component") or {}
        custom_id, kind = str(part.get("custom_id", "")), int(part.get("type", 0))
        if kind == 4:
            fields.append(field(custom_id, 4, value=values.get(custom_id, part.get("value", ""))))
        elif custom_id:
            chosen = [choice["value"] for choice in part.get("options", []) if choice.get("default")]
            fields.append(field(custom_id, kind, values=values.get(custom_id, chosen)))
    return fields


async def foreign_posted_form(target: Target, report: Report) -> None:
    """Submit another member's "Remix this" form for a picture in a hidden channel; its owner can still submit it."""
    card = await _hidden_picture(target)
    opened = await _opened(target, "alice", "Remix this", card, _HIDDEN)
    before = target.counts()
    data = {"custom_id": (opened.modal or {})["custom_id"], "components": _of_modal(opened, prompt="stolen")}
    for channel in ("general", "dm", "elsewhere"):
        sent = target.forge(InteractionType.MODAL_SUBMIT, data, member="bob", channel=channel)
        await expect_refusal(target, report, f"bob sends alice's form from {channel}", sent, before)
        before = target.counts()
    report.attempt()
    honest = {**data, "components": _of_modal(opened, prompt="her own remix")}
    target.forge(InteractionType.MODAL_SUBMIT, honest, member="alice", channel=_HIDDEN, source=card)
    try:
        await target.picture("her own remix", channel=_HIDDEN)
    except DriverError:
        report.hole("the member of the form can't send it any more")


async def form_from_elsewhere(target: Target, report: Report) -> None:
    """Submit one's own form from a hidden channel in other channels, where everyone would see its picture."""
    card = await _hidden_picture(target)
    for channel in ("general", "dm", "elsewhere"):
        opened = await _opened(target, "alice", "Remix this", card, _HIDDEN)
        before = target.counts()
        data = {"custom_id": (opened.modal or {})["custom_id"], "components": _of_modal(opened, prompt="moved")}
        sent = target.forge(InteractionType.MODAL_SUBMIT, data, member="alice", channel=channel)
        await expect_refusal(target, report, f"alice sends the form from {channel}", sent, before)


async def guessed_job_forms(target: Target, report: Report) -> None:
    """Send forms and button presses that name a job in a hidden channel by its guessed number."""
    await _hidden_picture(target)
    before = target.counts()
    for number, kind in enumerate(("remix", "edit")):
        for channel in ("general", "dm", "elsewhere"):
            data = {"custom_id": f"{kind}:1:{900 + number}", "components": _remix_fields()}
            sent = target.forge(InteractionType.MODAL_SUBMIT, data, member="bob", channel=channel)
            await expect_refusal(target, report, f"form {kind} of picture 1 from {channel}", sent, before)
    for action in ("remix", "again", "edit", "bigger", "details", "original", "delete", "really_delete", "retry"):
        press = {"custom_id": f"{action}:1", "component_type": 2}
        button = {"type": 2, "style": 2, "label": "-", "custom_id": f"{action}:1"}
        sent = target.forge(InteractionType.COMPONENT, press, member="bob", source=target.shown(button))
        said = await expect_refusal(target, report, f"button {action} of picture 1", sent, before)
        if _SECRET in said:
            report.hole(f"button {action} discloses the prompt")


async def take_down_form(target: Target, report: Report) -> None:
    """Submit a moderator's take-down form as a member, and in channels where the moderator lacks the permission."""
    await target.imagine("to be taken down")
    card = await target.picture("to be taken down")
    opened = await _opened(target, "mod", "Remove picture", card, "general")
    data = {"custom_id": (opened.modal or {})["custom_id"], "components": _of_modal(opened)}
    before = target.counts()
    for member, channel in (("alice", "general"), ("bob", "art"), ("bob", "dm"), ("mod", "dm"), ("mod", "elsewhere")):
        sent = target.forge(InteractionType.MODAL_SUBMIT, data, member=member, channel=channel)
        await expect_refusal(target, report, f"{member} sends the take-down form from {channel}", sent, before)
        if target.rows("SELECT COUNT(*) FROM requests WHERE deleted_at IS NOT NULL") != [(0,)]:
            report.hole(f"{member} removes the picture from {channel}")
            return


async def take_down_without_permission(target: Target, report: Report) -> None:
    """Take a picture down in a channel where the moderator has lost Manage Messages, by a form sent in another."""
    await target.imagine("in art", channel="art")
    card = await target.picture("in art", channel="art")
    opened = await _opened(target, "mod", "Remove picture", card, "art")
    place, mod = target.world.channel("art"), target.world.user("mod")
    place.overwrites[mod.id] = Overwrite(deny=int(Permission.MANAGE_MESSAGES), is_member=True)
    target.world.announce_channel(place)
    report.attempt()
    data = {"custom_id": (opened.modal or {})["custom_id"].rpartition(":")[0] + ":77", "components": _of_modal(opened)}
    await target.answer(target.forge(InteractionType.MODAL_SUBMIT, data, member="mod", channel="general"))
    if target.rows("SELECT COUNT(*) FROM requests WHERE deleted_at IS NOT NULL") != [(0,)]:
        report.hole("the permission is asked for the channel of the form, not for the picture's own")


async def commands_of_managers(target: Target, report: Report) -> None:
    """Send managers' commands as a member and as a moderator without Manage Server."""
    bob = target.world.user("bob").id
    role = next(role for role in target.world.guild.roles.values() if role.name == "Moderators")
    role.permissions = int(Permission.MANAGE_MESSAGES)
    before = target.counts()
    forged: list[tuple[str, list[Json]]] = [
        ("quotas reset", [option("member", USER, bob)]),
        ("quotas set", [option("pictures_per_day", STRING, "1")]),
        ("quotas cap", [option("credits", STRING, "1")]),
        ("quotas remove", [option("role", STRING, target.world.guild.id)]),
        ("settings show", []),
        ("settings words add", [option("pattern", STRING, "cat")]),
        ("settings words remove", [option("rule", INTEGER, 1)]),
        ("settings words list", []),
        ("settings words test", [option("text", STRING, "cat")]),
        ("style save", [option("name", STRING, "x"), option("text", STRING, "y"), option("server", BOOLEAN, True)]),
    ]
    for member in ("alice", "mod"):
        for command, given in forged:
            sent = target.forge_command(command, *given, member=member)
            said = await expect_refusal(target, report, f"/{command} by {member}", sent, before)
            if said and "Manage Server" not in said:
                report.weak(f"/{command} by {member} isn't refused for want of permission: {said[:80]!r}")


async def autocomplete_of_rules(target: Target, report: Report) -> None:
    """Request autocomplete of commands that the member may not use: it would disclose word rules and quotas."""
    guild = int(target.world.guild.id)
    target.write("INSERT INTO word_rules (guild_id, regex, pattern, place) VALUES (?, 0, 'hush', 'everywhere')", guild)
    target.write("INSERT INTO quotas VALUES (?, 0, 'pictures_day', 5)", guild)
    await target.bot.stop()
    await target.bot.start()
    await target.wait_for_bot()
    typed: list[tuple[str, Json]] = [
        ("settings words remove", option("rule", INTEGER, "", focused=True)),
        ("settings words remove", option("rule", INTEGER, "hu", focused=True)),
        ("quotas remove", option("role", STRING, "", focused=True)),
        ("quotas set", option("pictures_per_day", STRING, "", focused=True)),
    ]
    for channel in ("general", "dm", "elsewhere"):
        for command, given in typed:
            report.attempt()
            sent = target.forge_command(command, given, member="alice", channel=channel, typing=True)
            await target.until(lambda sent=sent: sent.choices is not None or sent.failed, 5)  # type: ignore[misc]
            if sent.choices is None:
                report.weak(f"proposals of /{command} in {channel}: no answer")
            elif sent.choices and command == "quotas set":
                report.weak(f"proposals of /{command} in {channel} are given to a member (constants)")
            elif sent.choices:
                report.hole(f"proposals of /{command} in {channel} are given to a member: {sent.choices!r:.80}")


async def taken_edit_form(target: Target, report: Report) -> None:
    """Submit another member's *Edit prompt* form first, so that its owner can't submit it any more."""
    await target.imagine("a picture to edit")
    card = await target.picture("a picture to edit")
    opened = await target.driver.click("alice", card.id, card.button("Edit prompt").custom_id)
    await opened.acknowledged()
    before = target.counts()
    data = {"custom_id": (opened.modal or {})["custom_id"], "components": _of_modal(opened, prompt="taken")}
    for member, channel in (("bob", "general"), ("bob", "dm"), ("mod", "general"), ("alice", "art")):
        sent = target.forge(InteractionType.MODAL_SUBMIT, data, member=member, channel=channel, source=card)
        await expect_refusal(target, report, f"{member} sends alice's form from {channel}", sent, before)
    report.attempt()
    await target.driver.submit_modal(opened, {"prompt": "her own edit"})
    try:
        await target.picture("her own edit")
    except DriverError:
        report.hole("the member of the form can't send it any more")


SCENARIOS: Final = (
    Scenario(name="foreign posted form", point=3, about="another's form of a hidden picture", run=foreign_posted_form),
    Scenario(
        name="taken edit form", point=3, about="sent by others before its member", run=taken_edit_form, short=False
    ),
    Scenario(
        name="form from elsewhere",
        point=3,
        about="one's own form in another channel",
        run=form_from_elsewhere,
        short=False,
    ),
    Scenario(
        name="guessed numbers",
        point=3,
        about="forms and buttons of a hidden picture",
        run=guessed_job_forms,
        short=False,
    ),
    Scenario(name="take-down form", point=3, about="sent by members and from elsewhere", run=take_down_form),
    Scenario(
        name="take-down without permission",
        point=3,
        about="permission in one channel, picture in another",
        run=take_down_without_permission,
        short=False,
    ),
    Scenario(name="managers' commands", point=4, about="sent without Manage Server", run=commands_of_managers),
    Scenario(name="others' autocomplete", point=4, about="word rules and quotas", run=autocomplete_of_rules),
)
