"""`keybook metrics`: what runs and what does not, as Prometheus reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines.commands.shared import HomeCommand, settings_of


@click.command(cls=HomeCommand)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="Write them into a file, as node exporter's textfile collector wants it: its name ends with .prom.",
)  # fmt: skip
def metrics(home: Path | None, out: Path | None) -> None:
    """Print what was published when, rows, files held, reports due and not sent, alerts, as Prometheus reads it."""
    from pipelines import metrics as told

    settings, now = settings_of(home=home), datetime.now(UTC)
    if out is None:
        click.echo(told.metrics(settings, now).decode(), nl=False)
        return
    if out.suffix != ".prom":
        raise click.UsageError(f"{out}: the collector reads files whose name ends with .prom.")
    told.write(settings, now, out)
    click.echo(str(out))
