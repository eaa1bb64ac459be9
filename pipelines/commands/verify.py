"""`keybook verify`: the published figures computed again from raw, by other means than the models."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.shared import GATE_FAILED, UNUSABLE, HomeCommand, settings_of

if TYPE_CHECKING:
    from pipelines.verification.compare import Verdict


@click.command(cls=HomeCommand)
@click.option("--json", "as_json", is_flag=True, help="As JSON: one entry a table, measure and currency.")
def verify(home: Path | None, as_json: bool) -> None:
    """Compute the published figures again from raw, and say which agree.

    Exit code 0 when all agree to the cent, 1 when any differs or could not be computed again, 2 when nothing is
    published.
    """
    from pipelines.verification import proof

    settings = settings_of(home=home)
    if not settings.published.exists():
        click.echo("Nothing is published yet; run `keybook refresh` first.", err=True)
        sys.exit(UNUSABLE)
    with proof.opened(os.path.realpath(settings.published), read_only=True) as publication:
        verdicts = proof.verify(settings.raw, publication)
    if as_json:
        lines = [asdict(proof.line(verdict)) | {"failure": verdict.failure or None} for verdict in verdicts]
        click.echo(json.dumps(lines, indent=1, ensure_ascii=False, default=str))
    else:
        for verdict in verdicts:
            _tell(verdict)
        click.echo(proof.told(verdicts))
    sys.exit(0 if all(verdict.state == "agrees" for verdict in verdicts) else GATE_FAILED)


def _tell(verdict: Verdict, most: int = 5) -> None:
    """A line a figure, and below it the cells that differ most."""
    from pipelines.verification.proof import shown

    if verdict.failure:
        click.echo(f"{verdict.subject:<10} could not be computed again: {verdict.failure}")
        return
    name = f"{verdict.table}.{verdict.measure}"
    largest = "" if verdict.state == "agrees" else f", largest difference {verdict.largest:,.2f}"
    counts = f"{verdict.equal:>7,} of {verdict.cells:>7,} agree"
    click.echo(f"{verdict.subject:<10} {name:<42} {verdict.currency:<4} {counts}{largest}")
    for found in verdict.differences[:most]:
        published, recomputed = (
            "unknown" if value is None else f"{value:,.2f}" for value in (found.published, found.recomputed)
        )
        click.echo(f"           {shown(found.key)}: published {published}, computed again {recomputed}")
    if len(verdict.differences) > most:
        click.echo(f"           … and {len(verdict.differences) - most:,} more")
