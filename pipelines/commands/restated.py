"""`keybook restated`: what changed since a report was sent, in periods that it told, by which lines."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.shared import HomeCommand, settings_of
from pipelines.formats import printable

if TYPE_CHECKING:
    from pipelines.words import Language


@click.command(cls=HomeCommand)
@click.argument("report", default="weekly")
@click.option("--period", help="A period that was sent, such as 2026-W43; the newest that was if not given.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every line.")
def restated(home: Path | None, report: str, period: str | None, as_json: bool) -> None:
    """What has changed since a report was sent, up to its last day: figures, and the lines that they changed by.

    What is published now is held against the publication that the report was made of, where that is still kept.
    """
    from pipelines.delivery import restated as told
    from pipelines.delivery.packs import MAKERS
    from pipelines.words import languages

    settings = settings_of(home=home)
    if report not in MAKERS:
        raise click.UsageError(f"{report!r} is no report; there are {', '.join(MAKERS)}.")
    found = told.restated(settings, report, MAKERS[report].unit, period=period)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False, default=str))
        return
    language = languages()[settings.language]
    if found.problem == "not_sent":
        click.echo(f"Of {' '.join(filter(None, (report, period)))} nothing was sent yet.")
        return
    assert found.sent is not None
    click.echo(f"{report} {found.period}, sent {found.sent.at} of the publication {found.sent.publication}.")
    if found.problem:
        click.echo(language.text(f"pack.notes.restated_{found.problem}", period=found.period))
    elif not found.rows:
        click.echo(f"Nothing up to {found.until} has changed since, as the publication {found.publication} tells it.")
    else:
        for line in _lines(asdict(found), language):
            click.echo(printable(line))


def _lines(found: dict[str, Any], language: Language) -> list[str]:
    """The balances, the figures, and below each the lines."""
    said = [f"Changed by {found['publication']}, up to {found['until']}:"]
    said += [f"  owed on that day, {_from_to(row)}" for row in found["owed"]]
    for total in found["totals"]:
        key = [total[name] for name in ("period", "measure", "currency")]
        said.append(f"  {language.text(f'pack.restated_measure.{key[1]}')} from {key[0]}, {_from_to(total)}")
        for row in found["rows"]:
            if [row[name] for name in ("period", "measure", "currency")] == key:
                places = [f"{row[f'{side}_file']}:{row[f'{side}_row']}" for side in ("was", "now")
                          if row[f"{side}_file"]]  # fmt: skip
                what = " ".join(filter(None, (row["account_name"] or row["account_id"], row["document"])))
                reason = language.text(f"pack.restated_reason.{row['reason']}")
                said.append(f"    {what}, {reason}, {_from_to(row)} ({' -> '.join(places)})")
    return said


def _from_to(row: dict[str, Any]) -> str:
    was, now, difference = (
        "unknown" if row[name] is None else f"{row[name]:,.2f}" for name in ("was", "now", "difference")
    )
    return f"{row['currency'] or ''} {was} -> {now} ({difference})".strip()
