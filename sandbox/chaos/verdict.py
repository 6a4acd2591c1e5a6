"""The results of a campaign: each picture checked against the bot's rows, the provider's record and the messages."""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.apimaster import PostRecord
from sandbox.chaos.rows import rows
from sandbox.discord.interactions import TOKEN_LIFE_S, State
from sandbox.driver import Interaction, Message
from sandbox.driver.message import snapshot
from sandbox.stack import Sandbox

_JOBS = """
    SELECT jobs.id, jobs.request_id, jobs.state, jobs.error_code, jobs.task_id, jobs.tries, jobs.retried_by,
        jobs.shown_as, requests.prompt, requests.private, requests.bot_present, requests.guild_id, requests.message_by,
        requests.channel_id, requests.interaction_id, requests.user_id,
        EXISTS (SELECT 1 FROM request_references WHERE request_id = requests.id) AS remix,
        EXISTS (SELECT 1 FROM job_events WHERE job_id = jobs.id AND event = 'uncertain') AS was_uncertain
    FROM jobs JOIN requests ON requests.id = jobs.request_id ORDER BY jobs.id
"""
_PICTURE = re.compile(r"imagine-(\d+)\.")
_MARK = {"failed": "❌", "uncertain": "❓", "cancelled": "🚫"}
_FORMS = 3
"""A refused order with references may be retried in other forms, free of charge: address, upload, data URI."""
_REFUSED = frozenset({400, 500})


@dataclass(slots=True, kw_only=True)
class Verdict:
    """The figures of the table, and one sentence for each fault found."""

    states: Counter[str]
    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    untold: int = 0
    """Results that could not be shown: the token expired, the bot can't post there, the member takes no DMs."""

    @property
    def jobs(self) -> int:
        """The number of accepted pictures."""
        return self.states.total()

    @property
    def faults(self) -> list[str]:
        """Everything that was found wrong."""
        return [*self.lost, *self.double, *self.wrong]


class Evidence:
    """The final state: the bot's rows, all messages, and the provider's record."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.jobs: Sequence[sqlite3.Row] = rows(sandbox.data_dir, _JOBS)
        self.messages: list[Message] = [
            snapshot(message, sandbox.world)
            for channel in tuple(sandbox.world.channels.values())
            for message in sandbox.world.messages.of_channel(channel.id)
        ]
        self.shown: dict[int, list[tuple[Message, int]]] = defaultdict(list)
        for message in self.messages:
            for number, media in enumerate(message.media()):
                if found := _PICTURE.match(media.filename):
                    self.shown[int(found[1])].append((message, number))
        self.posts: dict[str, list[PostRecord]] = defaultdict(list)
        for post in sandbox.apimaster.posts:
            self.posts[str(post.body.get("prompt"))].append(post)

    def about(self, prompt: str) -> list[Message]:
        """The messages that contain a prompt."""
        return [message for message in self.messages if prompt in message.text()]

    def by_request(self) -> Iterator[tuple[str, list[sqlite3.Row]]]:
        """Each request's prompt and jobs."""
        requests: dict[int, list[sqlite3.Row]] = defaultdict(list)
        for job in self.jobs:
            requests[job["request_id"]].append(job)
        for jobs in requests.values():
            yield jobs[0]["prompt"], jobs


def told(evidence: Evidence, verdict: Verdict) -> None:
    """Check that final states are shown with the job's number, uncertain ones with buttons; one card a request."""
    for job in evidence.jobs:
        mark = _MARK.get(job["state"])
        if (
            mark is None
            or job["retried_by"] is not None
            or _taken_back(evidence, job)
            or any(_tells(message, mark, job["id"]) for message in evidence.about(job["prompt"]))
        ):
            continue
        if _unreachable(evidence, job):
            verdict.untold += 1
        else:
            verdict.wrong.append(f"Job {job['id']} is {job['state']}, and no message says so.")
    for prompt, jobs in evidence.by_request():
        messages = evidence.about(prompt)
        if len(messages) > 1 and _moved_on(jobs[0]):
            messages = _living(evidence, messages)
        number = len(messages)
        nothing_to_tell = _unreachable(evidence, jobs[0]) or all(_taken_back(evidence, job) for job in jobs)
        if number > 1 or (number == 0 and not nothing_to_tell):
            verdict.wrong.append(f"Request {jobs[0]['request_id']} has {number} messages.")


def settled(evidence: Evidence, verdict: Verdict) -> None:
    """Check that every accepted job has reached a final state."""
    for job in evidence.jobs:
        if job["state"] in ("queued", "submitting", "running", "fetched"):
            verdict.lost.append(f"Job {job['id']} is still {job['state']}.")


def accepted(evidence: Evidence, sent: Sequence[Interaction], verdict: Verdict) -> None:
    """Check that each card that a member saw has a row."""
    known = {job["interaction_id"] for job in evidence.jobs}
    for interaction in sent:
        answer = interaction.response
        if answer is not None and not answer.loading and int(interaction.id) not in known and answer.buttons():
            verdict.lost.append(f"The order {interaction.id} was shown as accepted, and has no row.")


def ordered(evidence: Evidence, verdict: Verdict) -> None:
    """Check for one POST per job and recorded return; each charge belongs to a job, or to an uncertain one."""
    for prompt, jobs in evidence.by_request():
        posts = evidence.posts[prompt]
        taken = {post.task_id for post in posts if post.task_id}
        known = [job["task_id"] for job in jobs if job["task_id"]]
        unknown = taken - set(known)
        uncertain = sum(job["was_uncertain"] for job in jobs)
        answered_at_once = sum(
            job["task_id"] is None and job["state"] in ("delivered", "ready", "failed") for job in jobs
        )
        if len(set(known)) < len(known) or len(taken) > len(jobs):
            verdict.double.append(f"{prompt}: {len(taken)} charged orders for {len(jobs)} jobs.")
        elif len(unknown) > uncertain + answered_at_once:
            verdict.lost.append(f"{prompt}: {len(unknown)} charged orders, and {uncertain} uncertain jobs.")
        refused = sum(post.status in _REFUSED for post in posts) if jobs[0]["remix"] else 0
        if len(posts) - refused > len(jobs) + sum(job["tries"] for job in jobs) or refused > _FORMS * len(jobs) * 2:
            verdict.wrong.append(f"{prompt}: {len(posts)} POSTs for {len(jobs)} jobs ({[p.status for p in posts]}).")


async def shown(evidence: Evidence, verdict: Verdict) -> None:
    """Check that each delivered picture is shown exactly once and is the provider's for that job; no other is shown."""
    for job in evidence.jobs:
        places = evidence.shown[job["id"]]
        if len(places) > 1 and _moved_on(job):
            living = _living(evidence, [message for message, _ in places])
            places = [place for place in places if place[0] in living]
        expected = int(job["state"] == "delivered")
        if len(places) > expected:
            verdict.double.append(f"Job {job['id']} ({job['state']}) is shown {len(places)} times.")
        elif len(places) < expected:
            verdict.lost.append(f"Job {job['id']} is delivered, and nobody can see it.")
        for message, number in places:
            if job["prompt"] not in message.text():
                verdict.wrong.append(f"Job {job['id']} is shown beside another prompt.")
            elif await _another(evidence, job, message, number):
                verdict.wrong.append(f"Job {job['id']} is shown with another picture than the provider's.")


async def _another(evidence: Evidence, job: sqlite3.Row, message: Message, number: int) -> bool:
    """Whether a picture isn't the provider's for this job; one that was shrunk, or had no task id, isn't compared."""
    if job["shown_as"] or not job["task_id"]:
        return False
    return await message.read(number) != await evidence.sandbox.apimaster.picture(job["task_id"])


def litter(data_dir: Path) -> list[str]:
    """Orphans: after the sweep, each file must belong to a picture to collect, or be a thumbnail."""
    jobs = rows(data_dir, _JOBS)
    kept = {str(job["id"]) for job in jobs if job["state"] == "ready"}
    pictures = {str(job["id"]) for job in jobs if job["state"] in ("ready", "delivered")}
    waiting = {str(job["request_id"]) for job in jobs if job["state"] in ("ready", "uncertain")}
    found = []
    for path in sorted((data_dir / "spool").iterdir()):
        stem, _, rest = path.name.partition(".")
        if stem not in (pictures if rest == "thumb.webp" else kept):
            found.append(f"The file spool/{path.name} is nobody's.")
    copies = sorted(path.name for path in (data_dir / "references").iterdir())
    return found + [
        f"The file references/{name} is nobody's." for name in copies if name.partition("-")[0] not in waiting
    ]


def _tells(message: Message, mark: str, job_id: int) -> bool:
    text = message.text()
    if mark not in text or re.search(rf"\bno\. {job_id}\b", text) is None:
        return False
    wanted = {f"retry:{job_id}", f"drop:{job_id}"} if mark == _MARK["uncertain"] else set()
    return wanted <= {button.custom_id for button in message.buttons()}


def _taken_back(evidence: Evidence, job: sqlite3.Row) -> bool:
    """Whether an order ended before it had a card, and its member was notified in the answer to the command.

    Either it was refused privately because of a reference, or Discord itself reported that there was no answer.
    """
    record = evidence.sandbox.world.interactions.get(str(job["interaction_id"]))
    if record is None:
        return False
    refused = job["state"] == "failed" and str(job["error_code"]).startswith("reference")
    if record.state is State.FAILED:
        return refused or job["state"] == "cancelled"
    return refused and record.response_id is not None


def _unreachable(evidence: Evidence, job: sqlite3.Row) -> bool:
    """Whether the member may have been unreachable: only the interaction token gave access, and it expired."""
    no_way = _apart(job) or str(job["channel_id"]) in evidence.sandbox.faults.locked_out
    return no_way and not evidence.sandbox.world.users[str(job["user_id"])].accepts_dms


def _apart(job: sqlite3.Row) -> bool:
    """Whether a request's message is not one that the bot can post and edit in a server's channel."""
    return bool(job["private"]) or not job["bot_present"] or job["guild_id"] is None


def _moved_on(job: sqlite3.Row) -> bool:
    """Whether a request's card may move to another message, or to none, once its interaction token expired."""
    return _apart(job) or job["message_by"] in ("bot", "dm")


def _living(evidence: Evidence, messages: Sequence[Message]) -> list[Message]:
    """Those of a request's messages that the bot may still be updating.

    A response whose token expired can't change any more. A message in a channel where the bot lacked permissions at
    some time may be outdated too, if the card moved. If no message can be edited, the last one counts.
    """
    changeable = [message for message in messages if not _left(evidence, message)]
    elsewhere = [m for m in changeable if m.channel_id not in evidence.sandbox.faults.locked_out]
    return elsewhere or changeable[-1:] or list(messages[-1:])


def _left(evidence: Evidence, message: Message) -> bool:
    """Whether the message's interaction token expired, or seemed to after a clock jump: it isn't edited any more."""
    world, machine = evidence.sandbox.world, evidence.sandbox.machine
    record = world.interactions.get(message.interaction_id or "")
    jumped = machine is not None and machine.farthest_s > TOKEN_LIFE_S
    return record is not None and (jumped or world.clock.now() >= record.expires_at)
