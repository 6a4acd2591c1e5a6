"""What came of a campaign: each picture's fate by the bot's rows, by the provider's books, and by what members see."""

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
"""A refused order with references may be sent again in other forms, free of charge: address, upload, data."""
_REFUSED = frozenset({400, 500})


@dataclass(slots=True, kw_only=True)
class Verdict:
    """The figures of the table, and one sentence for everything that is wrong."""

    states: Counter[str]
    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    untold: int = 0
    """Ends that nobody could be told of: the token was dead, the place private, the member takes no messages."""

    @property
    def jobs(self) -> int:
        """Pictures that were accepted."""
        return self.states.total()

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong."""
        return [*self.lost, *self.double, *self.wrong]


class Evidence:
    """Everything that can be seen when a campaign is over."""

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
        """The messages that quote a prompt."""
        return [message for message in self.messages if prompt in message.text()]

    def by_request(self) -> Iterator[tuple[str, list[sqlite3.Row]]]:
        """Each request's prompt and jobs."""
        requests: dict[int, list[sqlite3.Row]] = defaultdict(list)
        for job in self.jobs:
            requests[job["request_id"]].append(job)
        for jobs in requests.values():
            yield jobs[0]["prompt"], jobs


def told(evidence: Evidence, verdict: Verdict) -> None:
    """Each end is told in a message with the job's number; an uncertain one with its two buttons. One card each."""
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
    """Nothing accepted is left where it was."""
    for job in evidence.jobs:
        if job["state"] in ("queued", "submitting", "running", "fetched"):
            verdict.lost.append(f"Job {job['id']} is still {job['state']}.")


def accepted(evidence: Evidence, sent: Sequence[Interaction], verdict: Verdict) -> None:
    """A card that a member saw stands for a row."""
    known = {job["interaction_id"] for job in evidence.jobs}
    for interaction in sent:
        answer = interaction.response
        if answer is not None and not answer.loading and int(interaction.id) not in known and answer.buttons():
            verdict.lost.append(f"The order {interaction.id} was shown as accepted, and has no row.")


def ordered(evidence: Evidence, verdict: Verdict) -> None:
    """One POST for each job and one for each recorded return; each charge is a job's, or an uncertain one's."""
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
    """A delivered picture is shown once, and is the one that the provider made for that job; no other is shown."""
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
    """Whether a picture is not the provider's for this job; one that was made smaller, or had no task, may be any."""
    if job["shown_as"] or not job["task_id"]:
        return False
    return await message.read(number) != await evidence.sandbox.apimaster.picture(job["task_id"])


def litter(data_dir: Path) -> list[str]:
    """Files that are nobody's: after the sweep, what is on disk belongs to a picture to collect, or is a thumbnail."""
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
    """Whether an order ended before it had a card, and its member was told in the answer to the command.

    It was refused privately for one of its references; or Discord itself said that there was no answer.
    """
    record = evidence.sandbox.world.interactions.get(str(job["interaction_id"]))
    if record is None:
        return False
    refused = job["state"] == "failed" and str(job["error_code"]).startswith("reference")
    if record.state is State.FAILED:
        return refused or job["state"] == "cancelled"
    return refused and record.response_id is not None


def _unreachable(evidence: Evidence, job: sqlite3.Row) -> bool:
    """Whether there may have been no way to a member: only their token's, and that died."""
    no_way = _apart(job) or str(job["channel_id"]) in evidence.sandbox.faults.locked_out
    return no_way and not evidence.sandbox.world.users[str(job["user_id"])].accepts_dms


def _apart(job: sqlite3.Row) -> bool:
    """Whether a request's message is not one that the bot can post and change in a server's channel."""
    return bool(job["private"]) or not job["bot_present"] or job["guild_id"] is None


def _moved_on(job: sqlite3.Row) -> bool:
    """Whether a request's card may go on in another message, or nowhere, once its answer's token died."""
    return _apart(job) or job["message_by"] in ("bot", "dm")


def _living(evidence: Evidence, messages: Sequence[Message]) -> list[Message]:
    """Those of a request's messages that the bot can have gone on with.

    An answer whose token died stays as it is, and so may a message that stands where the bot lacked permissions at
    some time, if the card went on elsewhere. Where all are answers out of reach, the last one is what there is.
    """
    changeable = [message for message in messages if not _left(evidence, message)]
    elsewhere = [m for m in changeable if m.channel_id not in evidence.sandbox.faults.locked_out]
    return elsewhere or changeable[-1:] or list(messages[-1:])


def _left(evidence: Evidence, message: Message) -> bool:
    """Whether a message is an answer whose token died, or seemed to by a clock that jumped: nobody changes it."""
    world, machine = evidence.sandbox.world, evidence.sandbox.machine
    record = world.interactions.get(message.interaction_id or "")
    jumped = machine is not None and machine.farthest_s > TOKEN_LIFE_S
    return record is not None and (jumped or world.clock.now() >= record.expires_at)
