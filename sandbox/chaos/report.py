"""`python -m sandbox chaos`: run a campaign and print its results."""

import secrets

import click

from sandbox.chaos.campaign import Campaign
from sandbox.chaos.plan import Plan
from sandbox.chaos.verdict import Verdict
from sandbox.driver import DriverError


async def run(*, seed: int | None, jobs: int, kills: int) -> int:
    """Run a campaign, print its table, and return the exit code: 1 if anything is wrong."""
    plan = Plan.drawn(secrets.randbelow(10**6) if seed is None else seed, jobs=jobs, kills=kills)
    again = f"python -m sandbox chaos --seed {plan.seed} --jobs {jobs} --kills {kills}"
    click.echo(f"{again}\nThe same seed draws the same orders, kills and faults; what meets what is the machine's.")
    campaign = Campaign(plan, say=click.echo)
    try:
        verdict = await campaign.run()
    except (DriverError, OSError) as error:
        click.echo(f"The campaign came to no end: {error}", err=True)
        return 1
    click.echo(_steps(campaign))
    click.echo(table(campaign, verdict))
    if verdict.untold:
        click.echo(
            f"{verdict.untold} ends could be told to nobody: private, with a dead token, to who takes no messages."
        )
    for fault in verdict.faults:
        click.echo(fault, err=True)
    return 1 if verdict.faults else 0


def table(campaign: Campaign, verdict: Verdict) -> str:
    """The figures as an aligned table."""
    states = verdict.states
    figures = {
        "seed": campaign.seed,
        "kills": campaign.kills.total() + campaign.missed.total(),
        "backups": campaign.backups.taken,
        "troubles": campaign.random_faults.happened.total(),
        "jobs": verdict.jobs,
        "delivered": states["delivered"],
        "failed": states["failed"],
        "ready": states["ready"],
        "cancelled": states["cancelled"],
        "uncertain": states["uncertain"],
        "lost": len(verdict.lost),
        "double": len(verdict.double),
        "wrong": len(verdict.wrong),
    }
    widths = [max(len(name), len(str(figure))) for name, figure in figures.items()]
    names = "  ".join(f"{name:>{width}}" for name, width in zip(figures, widths, strict=True))
    numbers = "  ".join(f"{figure:>{width}}" for figure, width in zip(figures.values(), widths, strict=True))
    return f"{names}\n{numbers}"


def _steps(campaign: Campaign) -> str:
    lines = [f"  {number:3}  {name}" for name, number in sorted(campaign.kills.items())]
    lines += [f"  {number:3}  {name}: did not come in time, killed anyway" for name, number in campaign.missed.items()]
    return "Killed at:\n" + "\n".join(lines)
