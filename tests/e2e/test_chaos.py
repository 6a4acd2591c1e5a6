"""A short crash campaign, and that its verdict sees what it is there to see."""

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


async def test_whatever_breaks_every_picture_is_accounted_for(tmp_path: Path) -> None:
    """Kills at seen steps and at random times, faults on both sides: nothing is lost, ordered twice or shown twice.

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


async def test_the_verdict_sees_what_is_wrong(harness: Harness) -> None:
    """A picture that is gone, one shown twice, an order without a job, an untold end, a file that is nobody's.

    One that went on in another answer, when neither can be changed any more, is none of that.
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
    found.wrong += [f for f in verdict.litter(harness.data_dir) if ".jpg" not in f]  # not swept yet
    return found
