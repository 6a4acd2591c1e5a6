"""A burst of commands is acknowledged first and processed in order; members are notified of what a kill interrupted."""

from __future__ import annotations

from tests.e2e.harness import Harness

CROWD = 16
MEMBERS = ("alice", "bob", "mod")


async def test_killed_between_defer_and_store_member_is_notified_that_nothing_was_ordered(
    harness: Harness,
) -> None:
    """After the restart the member is notified privately in their language; stored orders continue."""
    harness.knobs.latency_s = 30
    harness.driver.set_locale("mod", "de")
    stops = [harness.faults.stops.hold_next("before POST /interactions/*") for _ in range(CROWD)]
    for number in range(CROWD):
        await harness.driver.slash(MEMBERS[number % 2], "imagine", {"prompt": f"one of many {number}"})
    for stop in stops:
        await stop.reached.wait()
    deferred = harness.faults.stops.hold_next("after POST /interactions/*")
    late = await harness.driver.slash("mod", "imagine", {"prompt": "one too many"})
    await deferred.reached.wait()
    # On a slow machine earlier ones may still be pending as well: late responses are sent first, too.
    await harness.until(lambda: (int(late.id),) in harness.rows("SELECT interaction_id FROM open_answers"))
    await harness.bot.kill()
    for stop in (*stops, deferred):
        stop.release()
    await harness.start()
    told = await harness.driver.wait_message(lambda m: "Es wurde nichts bestellt" in m.text(), viewer="mod")
    assert told.ephemeral_to == "mod"
    await harness.until(lambda: harness.rows("SELECT * FROM open_answers") == [])
    assert not any(m.loading for m in harness.driver.messages("mod"))
    assert harness.rows("SELECT COUNT(*) FROM requests WHERE prompt = 'one too many'") == [(0,)]
