"""A short chaos campaign, and a check that its verdict detects what it should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sandbox.chaos import Campaign, Plan, verdict
from sandbox.chaos.verdict import Evidence, Verdict
from tests.e2e.harness import Harness
from tests.support.fork_server import NURSERY

_SEED = 7
_JOBS = 12
_KILLS = 4


async def test_every_picture_is_accounted_for_under_random_faults(tmp_path: Path) -> None:
    """Kills at observed steps and at random times, faults on both sides: nothing is lost, ordered twice or shown twice.

    `make chaos` does the same with hundreds of pictures and another seed each time.
    """
    campaign = Campaign(
        Plan.drawn(_SEED, jobs=_JOBS, kills=_KILLS), data_dir=tmp_path / "data", launch=NURSERY.launch, patience_s=1
    )
    found = await campaign.run()
    again = f"python -m sandbox chaos --seed {_SEED} --jobs {_JOBS} --kills {_KILLS}"
    assert found.faults == [], again
    assert campaign.kills.total() + campaign.missed.total() == _KILLS
    assert found.jobs > 0


async def test_verdict_detects_what_is_wrong(harness: Harness) -> None:
    """A lost picture, one shown twice, an order without a job, an unreported end, an orphaned file.

    A picture that moved to another message, because neither could be edited any more, is not an error.
    """
    await harness.imagine("order one")
    message = await harness.picture("order one")
    await harness.until(lambda: harness.states() == ["delivered"])
    await harness.imagine("order two", private=True)
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    await harness.driver.slash("alice", "collect", {"number": 2})
    await harness.until(
        lambda: len([m for m in harness.driver.messages("alice") if "no. 2" in m.text() and m.media()]) == 2
    )
    harness.faults.expire_all_tokens()
    assert (await _faults(harness)).faults == []

    harness.driver.post("Imagine", {"content": "order one"}, files=[("imagine-1.jpg", await message.read())])
    (harness.data_dir / "spool" / "9.part").write_bytes(b"")
    found = await _faults(harness)
    assert found.double == ["Job 1 (delivered) is shown 2 times."]
    assert found.wrong == ["Request 1 has 2 messages.", "The file spool/9.part is nobody's."]

    for shown in harness.driver.messages("mod"):
        harness.driver.delete("mod", shown.id)
    await harness.bot.stop()
    harness.write("UPDATE jobs SET task_id = NULL, state = 'failed' WHERE id = 1")
    found = await _faults(harness)
    assert "Job 1 is failed, and no message says so." in found.wrong
    harness.write("UPDATE jobs SET state = 'delivered', task_id = 'task_other' WHERE id = 1")
    found = await _faults(harness)
    assert found.lost == [
        "order one: 1 charged orders, and 0 uncertain jobs.",
        "Job 1 is delivered, and nobody can see it.",
    ]


async def _faults(harness: Harness) -> Verdict:
    evidence, found = Evidence(harness), Verdict(states=Counter())
    verdict.settled(evidence, found)
    verdict.told(evidence, found)
    verdict.ordered(evidence, found)
    await verdict.shown(evidence, found)
    found.wrong += [f for f in verdict.litter(harness.data_dir) if ".jpg" not in f]  # not removed yet
    return found
