"""Point 11: *Try again* exceeds a quota."""

from __future__ import annotations

from typing import Final

from sandbox.apimaster import Fault
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.driver import DriverError

_QUOTA: Final = 3
_PRESSES: Final = 9


async def try_again(target: Target, report: Report) -> None:
    """Order with a quota of three, let every order become uncertain, and press *Try again* repeatedly."""
    answered = await target.driver.slash("mod", "quotas set", {"pictures_per_day": str(_QUOTA)})
    await target.answer(answered)
    for _ in range(_PRESSES + 1):
        target.apimaster.script(Fault.charged_then_reset())
    await target.imagine("uncertain")
    for number in range(1, _PRESSES + 1):
        if not await target.until(lambda: _newest(target) == "uncertain", 20):
            raise DriverError(f"job {number} isn't uncertain but {_newest(target)}")
        card = await target.driver.wait_message(
            lambda m: any("Try again" in button.label for button in m.buttons()), viewer="alice"
        )
        report.attempt()
        count = target.rows("SELECT COUNT(*) FROM jobs")
        pressed = await target.driver.click("alice", card.id, card.button("Try again").custom_id)
        await target.until(lambda count=count: target.rows("SELECT COUNT(*) FROM jobs") != count, 1.5)  # type: ignore[misc]
        if target.rows("SELECT COUNT(*) FROM jobs") == count:
            if await target.answer(pressed) is None and not pressed.followups:
                report.weak("the refusal isn't shown")
            break
    if (made := len(target.apimaster.posts)) > _QUOTA:
        report.hole(f"{made} pictures are ordered with a quota of {_QUOTA}")


def _newest(target: Target) -> str:
    """The state of the newest job."""
    found = target.rows("SELECT state FROM jobs ORDER BY id DESC LIMIT 1")
    return str(found[0][0]) if found else "none"


SCENARIOS: Final = (
    Scenario(name="try again over the quota", point=11, about="nine times with a quota of three", run=try_again),
)
